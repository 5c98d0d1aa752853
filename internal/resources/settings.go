package resources

// Settings are the operator's own, the same for all Microservices.
type Settings struct {
	// DNS is where names are resolved.
	DNS DNS
	// ScraperNamespaces are let in on the port named metrics of every Microservice that has one.
	ScraperNamespaces []string
	// ClusterCIDRs are the networks of pods, Services and nodes. What is outside the cluster is not in them.
	ClusterCIDRs []string
	// ClusterDomain ends the names of Services in addresses; empty leaves it to the pods' resolver.
	ClusterDomain string
	// MinReadySeconds is how long a pod must be ready before it counts as available, where the spec does not say.
	MinReadySeconds int32
}

// DNS is where pods resolve names; every isolated Microservice may reach it.
type DNS struct {
	// Namespace and PodLabels select the DNS pods.
	Namespace string
	PodLabels map[string]string
	// Ports are those of the DNS pods (not of their Service), UDP and TCP.
	Ports []int32
	// CIDRs are further DNS addresses, of caches on the node that no pod selector can match.
	CIDRs []string
}

// DefaultSettings fit kubeadm, kind, EKS and GKE: kube-dns in kube-system, and the address of NodeLocal DNSCache
// (https://kubernetes.io/docs/tasks/administer-cluster/nodelocaldns/).
func DefaultSettings() Settings {
	return Settings{
		DNS: DNS{
			Namespace: "kube-system",
			PodLabels: map[string]string{"k8s-app": "kube-dns"},
			Ports:     []int32{53},
			CIDRs:     []string{"169.254.20.10/32"},
		},
		MinReadySeconds: 10,
	}
}
