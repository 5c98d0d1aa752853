package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
	"github.com/microservice-dev/microservice-operator/internal/inspect"
)

// waitOptions are the flags of everything that waits.
type waitOptions struct {
	condition string
	timeout   time.Duration
	// image is what spec.image has to be besides, empty for any.
	image string
}

// awaitable are the conditions that can be waited for.
var awaitable = []string{v1alpha1.ConditionReady, v1alpha1.ConditionAvailable, v1alpha1.ConditionDependenciesReady}

func (w *waitOptions) add(c *cobra.Command) {
	c.Flags().StringVar(&w.condition, "for", v1alpha1.ConditionReady, "The condition to wait for: "+strings.Join(awaitable, ", ")+".")
	c.Flags().DurationVar(&w.timeout, "timeout", 10*time.Minute, "How long to wait.")
	_ = c.RegisterFlagCompletionFunc("for", cobra.FixedCompletions(awaitable, cobra.ShellCompDirectiveNoFileComp)) // the flag exists
}

func (w *waitOptions) check() error {
	if !slices.Contains(awaitable, w.condition) {
		return failed(ExitUsage, "--for=%q: must be one of %s", w.condition, strings.Join(awaitable, ", "))
	}
	if w.timeout <= 0 {
		return failed(ExitUsage, "--timeout=%s: must be more than 0, such as 5m", w.timeout)
	}
	return nil
}

func newStatus(o *options) *cobra.Command {
	var format output
	var wait waitOptions
	var follow bool
	c := &cobra.Command{
		Use:   "status NAME",
		Short: "Show a Microservice, or follow it until it is Ready",
		Long: `Show a Microservice, or follow it until it is Ready.

With --watch there is one line for each change, on a terminal one line that changes. The command ends by itself: with 0 when the
condition of --for is True for the newest spec, with 1 when the Microservice is Stalled, with 3 when it is deleted, with 4 when the time
is over.`,
		Example: o.example("$ status web -n shop\n$ status web -n shop --watch --timeout=5m\n" +
			"$ status web -n shop --watch --image=ghcr.io/acme/web:1.4.2"),
		Args:              exactly(1, "the name of a Microservice"),
		ValidArgsFunction: o.completeNames,
		RunE: func(c *cobra.Command, args []string) error {
			if err := wait.check(); err != nil {
				return err
			}
			if wait.image != "" && !follow {
				return failed(ExitUsage, "--image=%q: it is waited for, which needs --watch", wait.image)
			}
			kube, key, err := o.connect(args[0])
			if err != nil {
				return err
			}
			if follow {
				return o.follow(c.Context(), kube, key, wait)
			}
			ms, err := inspect.Get(c.Context(), kube, key)
			if err != nil {
				return err
			}
			if err := printStatus(o.Out, ms, string(format)); err != nil {
				return err
			}
			if !reached(ms, wait.condition) {
				return exit(ExitNo)
			}
			return nil
		},
	}
	format.add(c, "text", "json")
	wait.add(c)
	c.Flags().BoolVarP(&follow, "watch", "w", false, "Follow it until the condition of --for is True.")
	c.Flags().StringVar(&wait.image, "image", "", "With --watch, wait until this image is set, too: by Argo CD, Flux or anybody else.")
	return c
}

// follow shows each change until the condition is reached, or never will be.
func (o *options) follow(ctx context.Context, c client.WithWatch, key dependency.Key, w waitOptions) error {
	ctx, cancel := context.WithTimeout(ctx, w.timeout)
	defer cancel()
	shown := newProgressLine(o.Out)
	defer shown.end()
	for {
		ms, err := inspect.Get(ctx, c, key)
		if err != nil {
			return o.timedOut(ctx, key, w, err)
		}
		if done, err := o.step(ms, w, shown); done {
			return err
		}
		if done, err := o.watch(ctx, c, ms, w, shown); done {
			return o.timedOut(ctx, key, w, err)
		}
	}
}

// watch follows the changes after a version. It returns false when the server has ended the watch.
func (o *options) watch(ctx context.Context, c client.WithWatch, ms *v1alpha1.Microservice, w waitOptions, shown *progressLine) (bool, error) {
	events, err := c.Watch(ctx, &v1alpha1.MicroserviceList{}, client.InNamespace(ms.Namespace),
		client.MatchingFieldsSelector{Selector: fields.OneTermEqualSelector("metadata.name", ms.Name)},
		&client.ListOptions{Raw: &metav1.ListOptions{ResourceVersion: ms.ResourceVersion}})
	if err != nil {
		return true, fmt.Errorf("watching Microservice %s: %w", client.ObjectKeyFromObject(ms), err)
	}
	defer events.Stop()
	for {
		select {
		case <-ctx.Done():
			return true, ctx.Err()
		case e, open := <-events.ResultChan():
			if !open || e.Type == watch.Error {
				return false, nil // it is read again, and watched from there
			}
			if e.Type == watch.Deleted {
				return true, failed(ExitNotFound, "%s was deleted", ms.Name)
			}
			if now, ok := e.Object.(*v1alpha1.Microservice); ok {
				if done, err := o.step(now, w, shown); done {
					return true, err
				}
			}
		}
	}
}

// step shows a change, and reports whether it is the last.
func (o *options) step(ms *v1alpha1.Microservice, w waitOptions, shown *progressLine) (done bool, err error) {
	if w.image != "" && ms.Spec.Image != w.image {
		shown.show(time.Now(), fmt.Sprintf("Waiting for image %s; it has %s", w.image, ms.Spec.Image))
		return false, nil
	}
	shown.show(time.Now(), progress(ms))
	switch {
	case reached(ms, w.condition):
		return true, nil
	case isStalled(ms):
		return true, failed(ExitNo, "%s is Stalled: it will not get there without an edit; see %s why %s -n %s", ms.Name, o.called, ms.Name, ms.Namespace)
	}
	return false, nil
}

// timedOut turns an error that came with the end of the time into one that says so.
func (o *options) timedOut(ctx context.Context, key dependency.Key, w waitOptions, err error) error {
	if err == nil || ctx.Err() == nil {
		return err
	}
	if ctx.Err() == context.DeadlineExceeded {
		return failed(ExitTimeout, "%s is not %s after %s, and may still get there; see %s why %s -n %s",
			key.Name, w.condition, w.timeout, o.called, key.Name, key.Namespace)
	}
	return failed(ExitUsage, "interrupted")
}

// progress is a Microservice in one line.
func progress(ms *v1alpha1.Microservice) string {
	ready := meta.FindStatusCondition(ms.Status.Conditions, v1alpha1.ConditionReady)
	if ready == nil || ms.Status.ObservedGeneration != ms.Generation {
		return "Waiting for the operator to observe the spec"
	}
	line := fmt.Sprintf("%s  updated %d, available %d, of %d", ready.Reason, ms.Status.UpdatedReplicas, ms.Status.AvailableReplicas, ms.Status.Replicas)
	if ms.Status.DependenciesSummary != "" {
		line += ", dependencies " + ms.Status.DependenciesSummary
	}
	return line + "  " + ready.Message
}

// reached reports whether a condition is True for the newest spec.
func reached(ms *v1alpha1.Microservice, condition string) bool {
	c := meta.FindStatusCondition(ms.Status.Conditions, condition)
	return c != nil && c.Status == metav1.ConditionTrue && c.ObservedGeneration == ms.Generation
}

func isStalled(ms *v1alpha1.Microservice) bool { return reached(ms, v1alpha1.ConditionStalled) }

func printStatus(out io.Writer, ms *v1alpha1.Microservice, format string) error {
	if format == "json" {
		return printJSON(out, map[string]any{"namespace": ms.Namespace, "name": ms.Name, "generation": ms.Generation, "image": ms.Spec.Image, "status": ms.Status})
	}
	print(out, "%s in %s: %s\n", ms.Name, ms.Namespace, progress(ms))
	print(out, "  image         %s\n", ms.Spec.Image)
	if ms.Status.URL != "" {
		print(out, "  url           %s\n", ms.Status.URL)
	}
	if ms.Status.ExternalURL != "" {
		print(out, "  external url  %s\n", ms.Status.ExternalURL)
	}
	for _, c := range ms.Status.Conditions {
		print(out, "  %-17s %-7s %s: %s\n", c.Type, c.Status, c.Reason, c.Message)
	}
	for i := range ms.Status.Dependencies {
		d := &ms.Status.Dependencies[i]
		print(out, "  -> %-14s %-12s %s%s\n", d.Name, d.State, d.Target, words(d))
	}
	return nil
}

func words(d *v1alpha1.DependencyStatus) string {
	if d.Message == "" {
		return ""
	}
	return ": " + d.Message
}
