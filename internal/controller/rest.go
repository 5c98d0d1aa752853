package controller

import (
	"strings"
	"time"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// restAfter is how long the numbers of a status must stand still before they are worth a write of their own.
const restAfter = 3 * time.Second

// numbers are what changes of a status with every pod: the counters, and the messages, which count.
type numbers struct {
	replicas, ready, updated, available int32
	messages                            string
}

func numbersOf(s *v1alpha1.MicroserviceStatus) numbers {
	messages := make([]string, 0, len(s.Conditions))
	for _, c := range s.Conditions {
		messages = append(messages, c.Message)
	}
	return numbers{
		replicas: s.Replicas, ready: s.ReadyReplicas, updated: s.UpdatedReplicas, available: s.AvailableReplicas,
		messages: strings.Join(messages, "\n"),
	}
}
