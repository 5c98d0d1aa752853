package v1alpha1

// Autoscaled reports whether an autoscaler owns the number of replicas: the operator's HorizontalPodAutoscaler, or a controller
// of the user's.
func (s *MicroserviceSpec) Autoscaled() bool {
	return s.Autoscaling != nil
}

// ScaledExternally reports whether a controller of the user's owns the number of replicas.
func (s *MicroserviceSpec) ScaledExternally() bool {
	return s.Autoscaled() && s.Autoscaling.External != nil
}

// Parked reports whether no pod should run.
func (s *MicroserviceSpec) Parked() bool {
	return !s.Autoscaled() && s.GuaranteedReplicas() == 0
}

// GuaranteedReplicas is the size that is always there: spec.replicas (default 1), or the autoscaling minimum. It is 0 for a
// controller of the user's that guarantees nothing.
func (s *MicroserviceSpec) GuaranteedReplicas() int32 {
	if s.Autoscaled() {
		return s.Autoscaling.minimum()
	}
	if s.Replicas != nil {
		return *s.Replicas
	}
	return 1
}

// minimum is minReplicas, or 2 so that one lost pod is no outage, or maxReplicas where that is less. It is what a controller of
// the user's guarantees if that owns the number.
func (a *Autoscaling) minimum() int32 {
	switch {
	case a.External != nil && a.External.MinReplicas != nil:
		return *a.External.MinReplicas
	case a.External != nil:
		return 0
	case a.MinReplicas != nil:
		return *a.MinReplicas
	default:
		return min(2, a.MaxReplicas)
	}
}
