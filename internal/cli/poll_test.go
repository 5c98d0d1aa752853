package cli

import (
	"context"
	"testing"
	"time"

	"k8s.io/client-go/util/flowcontrol"
)

// The client's own limit on requests does not change what a command says when the time is over.
func TestPollBehindARateLimiter(t *testing.T) {
	limiter := flowcontrol.NewTokenBucketRateLimiter(2, 1)
	err := poll(t.Context(), 300*time.Millisecond, "it is late", func(ctx context.Context) (bool, error) {
		return false, limiter.Wait(ctx)
	})
	if code(err) != ExitTimeout || err.Error() != "it is late" {
		t.Errorf("it ends with %d: %v", code(err), err)
	}
}
