package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/cli/browser"
	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
	"github.com/microservice-dev/microservice-operator/internal/explain"
	"github.com/microservice-dev/microservice-operator/internal/inspect"
	"github.com/microservice-dev/microservice-operator/internal/manifest"
	"github.com/microservice-dev/microservice-operator/internal/ui"
)

func newUI(o *options) *cobra.Command {
	p := pageOptions{options: o}
	c := &cobra.Command{
		Use:   "ui",
		Short: "Show a system with its live health in the browser",
		Long: `Show a system with its live health in the browser: who depends on whom, what is broken and why, as it happens.

The page is served on 127.0.0.1 alone, for those who have the address with its token, with your rights in the cluster. It only reads.

With --filename it shows a system as it is when the files are applied: what they add and change is marked. With --base, too, the files are
compared with other files instead of the cluster, and what they no longer have is marked.

With --snapshot it writes one HTML file that needs no server, for a wiki, a pull request or a CI artifact.`,
		Example: o.example("$ ui -n shop\n$ ui -A --open=false --port=8001\n$ ui -f deploy/\n$ ui -f deploy/ --base=../main/deploy/ --snapshot=change.html\n$ ui -A --snapshot=system.html"),
		Args:    exactly(0, "no argument"),
		RunE: func(c *cobra.Command, _ []string) error {
			if err := p.check(); err != nil {
				return err
			}
			if len(p.from.files) > 0 {
				return p.showFiles(c.Context())
			}
			return p.showCluster(c.Context())
		},
	}
	p.from.add(c)
	c.Flags().StringSliceVar(&p.base, "base", nil, "Compare --filename with these files or folders instead of the cluster.")
	c.Flags().StringVar(&p.snapshot, "snapshot", "", "Write the page to this file and end; - is standard output.")
	c.Flags().BoolVar(&p.open, "open", true, "Open the page in the browser.")
	c.Flags().IntVar(&p.port, "port", 0, "The port of 127.0.0.1 to serve the page on, 0 for any that is free.")
	c.Flags().DurationVar(&p.idle, "idle-timeout", 30*time.Minute, "End when the page has not been open for so long, 0 for never.")
	return c
}

// pageOptions are the flags of ui.
type pageOptions struct {
	*options
	from     source
	base     []string
	snapshot string
	open     bool
	port     int
	idle     time.Duration
}

func (p *pageOptions) check() error {
	switch {
	case p.port < 0 || p.port > 65535:
		return failed(ExitUsage, "--port=%d: must be from 0 to 65535", p.port)
	case p.idle < 0:
		return failed(ExitUsage, "--idle-timeout=%s: must be 0 or more, such as 30m", p.idle)
	case len(p.base) > 0 && len(p.from.files) == 0:
		return failed(ExitUsage, "--base without --filename: name the files to compare with it")
	}
	return nil
}

// showCluster shows what is in the cluster.
func (p *pageOptions) showCluster(ctx context.Context) error {
	namespace, err := p.namespace()
	if err != nil {
		return err
	}
	kube, err := p.client()
	if err != nil {
		return err
	}
	scope := ui.Scope{Context: p.context(), Namespace: namespace}
	only := namespace
	if p.from.all {
		scope.Namespace, only = "", ""
	}
	system := ui.NewSystem(scope, nil)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if err := system.Watch(ctx, kube, only); err != nil {
		if inspect.IsMissingKind(err) {
			return inspect.ErrNoMicroservices
		}
		return fmt.Errorf("listing Microservices: %w", err)
	}
	return p.show(ctx, system, ui.Options{Reader: kube})
}

// showFiles shows what is in files, and what changes when they are applied.
func (p *pageOptions) showFiles(ctx context.Context) error {
	after, _, err := p.from.world(ctx, p.options)
	if err != nil {
		return err
	}
	scope := ui.Scope{Context: strings.Join(p.from.files, ", "), Files: true}
	before, err := p.before(ctx, &after)
	if err != nil {
		print(p.ErrOut, "%v: nothing is compared; name other files with --base\n", err)
		return p.show(ctx, ui.NewSystem(scope, nil, after.Sorted()...), ui.Options{})
	}
	changed, err := changes(before, after, true)
	if err != nil {
		return err
	}
	comparison := &ui.Comparison{Base: before, Diffs: map[dependency.Key]string{}}
	for _, c := range changed {
		comparison.Diffs[c.of] += c.Diff
	}
	return p.show(ctx, ui.NewSystem(scope, comparison, after.Sorted()...), ui.Options{})
}

// before returns what the files are compared with: other files, or the namespaces of the files in the cluster. What is in the cluster
// and not in the files stays there.
func (p *pageOptions) before(ctx context.Context, after *explain.World) (explain.World, error) {
	namespace, err := p.namespace()
	if err != nil {
		return explain.World{}, err
	}
	if len(p.base) > 0 {
		found, err := (&manifest.Reader{Namespace: namespace, In: p.In}).Read(p.base...)
		return explain.NewWorld(found...), err
	}
	const patience = 10 * time.Second
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	kube, err := p.client()
	if err != nil {
		return explain.World{}, err
	}
	cluster, _, err := inspect.World(ctx, kube, namespace, false)
	if err != nil {
		return explain.World{}, err
	}
	namespaces, files := sets.New[string](), after.Sorted()
	for _, ms := range files {
		namespaces.Insert(ms.Namespace)
	}
	before := explain.NewWorld()
	for _, ms := range cluster.Sorted() {
		if namespaces.Has(ms.Namespace) {
			before.Add(ms)
		}
	}
	*after = applied(before, withStatus(files, before))
	return before, nil
}

// withStatus gives Microservices of files the status that they have in the cluster.
func withStatus(files []*v1alpha1.Microservice, cluster explain.World) []*v1alpha1.Microservice {
	for _, ms := range files {
		if is := cluster.Microservices[dependency.KeyOf(ms)]; is != nil {
			ms.Generation, ms.Status = is.Generation, is.Status
		}
	}
	return files
}

// show writes the page to a file, or serves it.
func (p *pageOptions) show(ctx context.Context, s *ui.System, o ui.Options) error {
	if p.snapshot != "" {
		return p.writeSnapshot(s)
	}
	o.Port, o.IdleTimeout = p.port, p.idle
	o.Started = func(address string) {
		print(p.Out, "The page is at %s\nCtrl-C ends it.\n", address)
		if !p.open {
			return
		}
		browser.Stdout, browser.Stderr = io.Discard, io.Discard
		if err := browser.OpenURL(address); err != nil {
			print(p.ErrOut, "cannot open a browser: %v; open the address yourself\n", err)
		}
	}
	return ui.Serve(ctx, s, o)
}

func (p *pageOptions) writeSnapshot(s *ui.System) (err error) {
	if p.snapshot == "-" {
		return s.WriteSnapshot(p.Out)
	}
	f, err := os.Create(p.snapshot)
	if err != nil {
		return fmt.Errorf("--snapshot: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return s.WriteSnapshot(f)
}

// context is the name of the kubeconfig's context.
func (o *options) context() string {
	if o.flags.Context != nil && *o.flags.Context != "" {
		return *o.flags.Context
	}
	raw, err := o.flags.ToRawKubeConfigLoader().RawConfig()
	if err != nil || raw.CurrentContext == "" {
		return "cluster"
	}
	return raw.CurrentContext
}
