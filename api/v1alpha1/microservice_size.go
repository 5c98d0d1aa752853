package v1alpha1

// Autoscaled reports whether a HorizontalPodAutoscaler owns the number of replicas.
func (s *MicroserviceSpec) Autoscaled() bool {
	return s.Autoscaling != nil
}

// Parked reports whether no pod should run.
func (s *MicroserviceSpec) Parked() bool {
	return !s.Autoscaled() && s.GuaranteedReplicas() == 0
}

// GuaranteedReplicas is the size that is always there: spec.replicas (default 1), or the autoscaling minimum.
func (s *MicroserviceSpec) GuaranteedReplicas() int32 {
	if s.Autoscaled() {
		return s.Autoscaling.minimum()
	}
	if s.Replicas != nil {
		return *s.Replicas
	}
	return 1
}

// minimum is minReplicas, or 2 so that one lost pod is no outage, or maxReplicas where that is less.
func (a *Autoscaling) minimum() int32 {
	if a.MinReplicas != nil {
		return *a.MinReplicas
	}
	return min(2, a.MaxReplicas)
}
