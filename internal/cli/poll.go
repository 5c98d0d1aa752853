package cli

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

// pollInterval is the time between two reads of what cannot be watched by one name.
const pollInterval = 200 * time.Millisecond

// poll asks until the answer is yes. When the time is over, the command ends with the words of late.
func poll(ctx context.Context, timeout time.Duration, late string, ask wait.ConditionWithContextFunc) error {
	err := wait.PollUntilContextTimeout(ctx, pollInterval, timeout, true, func(context.Context) (bool, error) {
		// Without the deadline: the client's rate limiter would refuse a request that it could only send later, with other words.
		return ask(ctx)
	})
	if wait.Interrupted(err) && ctx.Err() == nil {
		return failed(ExitTimeout, "%s", late)
	}
	return err
}
