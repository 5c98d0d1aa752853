package v1alpha1

// RouteKind is a kind of route of the Gateway API.
//
// +kubebuilder:validation:Enum=HTTPRoute;GRPCRoute
type RouteKind string

const (
	// RouteHTTP routes HTTP, WebSocket and gRPC requests by host and path.
	RouteHTTP RouteKind = "HTTPRoute"
	// RouteGRPC routes gRPC calls by host. It exists since Gateway API 1.1.
	RouteGRPC RouteKind = "GRPCRoute"
)

// Route is the way into the cluster, through a Gateway of the platform: https://gateway-api.sigs.k8s.io/. The Gateway, its
// certificates and DNS are not the operator's.
//
// +kubebuilder:validation:XValidation:rule="!has(self.kind) || self.kind == 'HTTPRoute' || !(has(self.paths) || has(self.stripPrefix) || has(self.timeout))",message="paths, stripPrefix and timeout need kind HTTPRoute: a GRPCRoute routes by host"
// +kubebuilder:validation:XValidation:rule="!has(self.stripPrefix) || !self.stripPrefix || has(self.paths) && self.paths.all(p, p != '/')",message="stripPrefix needs paths other than /"
type Route struct {
	// hostnames are the names by which clients reach the service, such as shop.example.com or *.example.com. A listener of the
	// Gateway has to admit each of them. The first one without * is shown in status.externalURL.
	// +required
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=253
	// +kubebuilder:validation:items:XValidation:rule="self.matches('^([*][.])?[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')",message="must be a DNS name in lower case such as shop.example.com, or with one leading *. such as *.example.com"
	// +kubebuilder:validation:items:XValidation:rule="!self.matches('^[0-9]+([.][0-9]+){3}$')",message="must be a name: Gateway API admits no addresses"
	Hostnames []string `json:"hostnames"`

	// port is the name of the port that gets the requests. Default: the primary port.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=15
	Port string `json:"port,omitempty"`

	// paths are prefixes of the requests' paths, by whole segments: /shop matches /shop and /shop/cart, not /shopping.
	// Default: all paths.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MaxLength=1024
	// +kubebuilder:validation:items:XValidation:rule="self.matches('^(/[-A-Za-z0-9._~!$&()*+,;=:@\\'%]+)*/?$') && self.startsWith('/') && !self.matches('/[.][.]?(/|$)') && !self.matches('%2[fF]')",message="must be an absolute path such as /shop, without //, /./, /../, %2F, ? and #"
	Paths []string `json:"paths,omitempty"`

	// kind is HTTPRoute or GRPCRoute. Default: GRPCRoute for a port whose appProtocol, or else name, is grpc, if none of paths,
	// stripPrefix and timeout is set; HTTPRoute otherwise.
	// +optional
	Kind RouteKind `json:"kind,omitempty"`

	// gateway is the Gateway to attach to. Default: the operator's --gateway. The Gateway decides which namespaces may do so
	// (listeners[].allowedRoutes).
	// +optional
	Gateway *GatewayReference `json:"gateway,omitempty"`

	// stripPrefix removes the matched path before the request reaches the service: with paths [/shop] it gets /cart for
	// /shop/cart. Default: false.
	// +optional
	StripPrefix bool `json:"stripPrefix,omitempty"`

	// timeout is how long the gateway waits for the whole response, such as 30s or 1m30s; 0s is no limit. Default: the
	// gateway's.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]{1,5}(h|m|s|ms)){1,4}$')",message="must be a duration such as 30s or 1m30s, in h, m, s and ms"
	Timeout string `json:"timeout,omitempty"`
}

// GatewayReference names a Gateway, and one of its listeners.
type GatewayReference struct {
	// name of the Gateway.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')",message="must be the name of a Gateway: lower-case letters, digits, '-' and '.'"
	Name string `json:"name"`

	// namespace of the Gateway. Default: this Microservice's.
	// +optional
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:XValidation:rule="self.matches('^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$')",message="must be the name of a namespace: lower-case letters, digits and '-'"
	Namespace string `json:"namespace,omitempty"`

	// sectionName is the name of the Gateway's listener, such as https. Default: every listener that admits the route.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^([a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*)?$')",message="must be the name of a listener: lower-case letters, digits, '-' and '.'"
	SectionName string `json:"sectionName,omitempty"`
}
