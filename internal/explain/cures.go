package explain

import (
	"fmt"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

// cures tells what to do about each reason of Ready, Routed and Monitored that are not True. docs/concepts/status.md explains them.
var cures = map[string]string{
	v1alpha1.ReasonRollingOut:               "wait; follow it with: kubectl msvc status %[2]s -n %[1]s -w",
	v1alpha1.ReasonUnavailable:              "read the pods: kubectl describe pods -n %[1]s -l " + v1alpha1.LabelName + "=%[2]s",
	v1alpha1.ReasonApplyFailed:              "remove what the message names; the operator tries again by itself",
	v1alpha1.ReasonInvalidSpec:              "edit the field that the message names",
	v1alpha1.ReasonNameConflict:             "rename the Microservice, or delete the object that the message names",
	v1alpha1.ReasonProgressDeadlineExceeded: "read the pods: kubectl describe pods -n %[1]s -l " + v1alpha1.LabelName + "=%[2]s",
	v1alpha1.ReasonWaitingForDependency:     "start the dependency that the message names, or set its startPolicy to Immediate",
	v1alpha1.ReasonPaused:                   "unset spec.paused: kubectl patch msvc %[2]s -n %[1]s --type=merge -p '{\"spec\":{\"paused\":null}}'",
	v1alpha1.ReasonImagePullFailed:          "fix spec.image, or name the Secret of the registry in spec.imagePullSecrets",
	v1alpha1.ReasonContainerConfigError:     "create the ConfigMap, Secret or key that the message names, or fix env, envFrom and credentials",
	v1alpha1.ReasonCrashLooping:             "read its last words with the command in the message, and fix what they say",
	v1alpha1.ReasonUnschedulable:            "lower resources.requests, add nodes, or fix the node selectors and tolerations in podTemplate",
	v1alpha1.ReasonVolumeNotReady:           "create the volume's claim, ConfigMap or Secret, or fix the volumes in podTemplate",
	v1alpha1.ReasonReadinessFailing:         "read its logs, and fix what the readiness probe asks; a slow start needs a startup probe",
	v1alpha1.ReasonQuotaExceeded:            "ask for a larger quota in namespace %[1]s, or use less; it goes on by itself",
	v1alpha1.ReasonPodRefused:               "change what the policy in the message refuses",
	v1alpha1.ReasonPodNotStarting:           "read the pods' events: kubectl describe pods -n %[1]s -l " + v1alpha1.LabelName + "=%[2]s",

	v1alpha1.ReasonCRDNotInstalled:  "ask the platform's team to install what the message names; the operator notices by itself",
	v1alpha1.ReasonVersionNotServed: "ask the platform's team to upgrade what the message names; the operator notices by itself",
	v1alpha1.ReasonForbidden:        "ask the platform's team for the operator's role that the message names; the operator notices by itself",
	v1alpha1.ReasonUnreadable:       "read the error in the message; the operator tries again by itself",
	v1alpha1.ReasonGatewayNotSet:    "name the Gateway in spec.route.gateway, or ask the platform's team for the operator's --gateway",
	v1alpha1.ReasonPending:          "wait; if it stays, see to what the message names",
	// The words of Gateway API, https://gateway-api.sigs.k8s.io/reference/spec/#routeconditionreason
	"NotAllowedByListeners":      "ask the Gateway's team to admit namespace %[1]s in listeners[].allowedRoutes",
	"NoMatchingListenerHostname": "use hosts in spec.route.hostnames that a listener of the Gateway admits, or ask its team for a listener",
	"NoMatchingParent":           "fix spec.route.gateway.sectionName: the Gateway has no such listener",
	"UnsupportedValue":           "remove the field of spec.route that the message names: this gateway does not know it",
	"IncompatibleFilters":        "remove spec.route.stripPrefix: this gateway does not know it",
	"UnsupportedProtocol":        "fix appProtocol of the port that spec.route leads to: this gateway does not speak it",
	"BackendNotFound":            "look for the Service: kubectl get service %[2]s -n %[1]s",
	"RefNotPermitted":            "ask the Gateway's team: its controller does not follow the route to the Service",
	"InvalidKind":                "ask the Gateway's team: its controller does not follow the route to the Service",
}

// cure returns what to do about a reason, empty if that is unknown.
func cure(ms *v1alpha1.Microservice, reason string) string {
	text, known := cures[reason]
	if !known {
		return ""
	}
	// Not every text names the Microservice: Sprintf would complain about the arguments that are left.
	return fmt.Sprintf(text+"%[3]s", ms.Namespace, ms.Name, "")
}

// dependencyCure returns what to do about a dependency whose trouble is not that of a Microservice.
func (w World) dependencyCure(ms *v1alpha1.Microservice, d *v1alpha1.DependencyStatus, target dependency.Target, subject string) string {
	switch d.State {
	case v1alpha1.DependencyNotFound:
		return fmt.Sprintf("create %s, or fix the name in spec.dependencies of %s", subject, ms.Name)
	case v1alpha1.DependencyPortNotFound:
		return fmt.Sprintf("fix port of dependency %s of %s, or add the port to its target", d.Name, ms.Name)
	case v1alpha1.DependencyNotPermitted:
		return fmt.Sprintf("ask the team of namespace %s to create it, or to admit namespace %s", target.Key.Namespace, ms.Namespace)
	case v1alpha1.DependencyUnverified:
		return fmt.Sprintf("declare dependency %s as external: nobody can observe a Service without pods", d.Name)
	}
	if is := w.Microservices[target.Key]; target.Kind == dependency.Microservice && is != nil && is.Spec.Parked() {
		return fmt.Sprintf("start it: kubectl scale microservice %s -n %s --replicas=1", target.Key.Name, target.Key.Namespace)
	}
	if target.Kind == dependency.Service {
		return fmt.Sprintf("read the pods behind it: kubectl get endpointslices -n %s -l kubernetes.io/service-name=%s", target.Key.Namespace, target.Key.Name)
	}
	return "wait: it is well by now, and the operator is about to report it"
}
