// Package cli is kubectl msvc, the kubectl plugin for Microservices: one file for each verb. What it prints comes from package
// explain, which is pure, and package inspect, which reads the cluster; this package changes the cluster and writes to the terminal.
package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	_ "k8s.io/client-go/plugin/pkg/client/auth" // the ways to log in that kubeconfigs name

	"github.com/microservice-dev/microservice-operator/internal/version"
)

// Run runs the plugin with the arguments of a command line, of which the first is the program's name. It returns the exit code.
func Run(ctx context.Context, streams genericiooptions.IOStreams, args []string) int {
	root := newRoot(streams, args[0])
	root.SetArgs(args[1:])
	err := root.ExecuteContext(ctx)
	if err != nil && err.Error() != "" {
		_, _ = fmt.Fprintln(streams.ErrOut, "error:", err) // there is nowhere else to say it
	}
	return code(err)
}

// Commands returns all commands as kubectl calls them, for their documentation.
func Commands() *cobra.Command {
	return newRoot(genericiooptions.IOStreams{}, "kubectl-msvc")
}

// options are shared by all commands.
type options struct {
	genericiooptions.IOStreams
	flags *genericclioptions.ConfigFlags
	// called is how the user calls the plugin, such as kubectl msvc.
	called string
}

func newRoot(streams genericiooptions.IOStreams, program string) *cobra.Command {
	o := &options{IOStreams: streams, flags: configFlags(), called: calledAs(program)}
	root := &cobra.Command{
		Use:           strings.TrimPrefix(filepath.Base(program), "kubectl-"),
		Short:         "Answer questions about Microservices, roll them out, and move them in and out",
		Annotations:   map[string]string{cobra.CommandDisplayNameAnnotation: o.called},
		SilenceUsage:  true,
		SilenceErrors: true,
		Version:       version.Get(),
		Long: `Answer questions about Microservices, roll them out, and move them in and out.

Exit codes: 0 yes, 1 no, 2 wrong usage or no access, 3 does not exist, 4 the time is over.`,
	}
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetIn(streams.In)
	root.SetOut(streams.Out)
	root.SetErr(streams.ErrOut)
	o.flags.AddFlags(root.PersistentFlags())
	addGroup(root, "Find out what is wrong:", newWhy(o), newStatus(o), newTree(o), newGraph(o), newUI(o), newCanReach(o), newCheck(o))
	addGroup(root, "Change a system, and see before what it does:", newSet(o), newAnalyze(o), newRender(o), newDiff(o))
	addGroup(root, "Move in and out:", newImport(o), newTakeover(o), newEject(o))
	return root
}

// addGroup adds commands under a title in the help.
func addGroup(root *cobra.Command, title string, commands ...*cobra.Command) {
	root.AddGroup(&cobra.Group{ID: title, Title: title})
	for _, c := range commands {
		c.GroupID = title
	}
	root.AddCommand(commands...)
}

// calledAs returns "kubectl msvc" for a program kubectl-msvc, as kubectl starts it.
func calledAs(program string) string {
	name := strings.TrimSuffix(filepath.Base(program), ".exe")
	if verb, found := strings.CutPrefix(name, "kubectl-"); found {
		return "kubectl " + strings.ReplaceAll(verb, "_", "-")
	}
	return name
}

// configFlags are the flags of kubectl that choose a cluster, a user and a namespace, without those that scripts alone use.
func configFlags() *genericclioptions.ConfigFlags {
	f := genericclioptions.NewConfigFlags(true)
	f.CacheDir, f.ClusterName, f.AuthInfoName, f.BearerToken = nil, nil, nil, nil
	f.CertFile, f.KeyFile, f.CAFile, f.TLSServerName, f.Insecure = nil, nil, nil, nil, nil
	f.APIServer, f.DisableCompression, f.ImpersonateUID, f.Timeout = nil, nil, nil, nil
	return f
}

// namespace returns the namespace of the flags, or that of the kubeconfig's context.
func (o *options) namespace() (string, error) {
	namespace, _, err := o.flags.ToRawKubeConfigLoader().Namespace()
	if err != nil {
		return "", fmt.Errorf("reading the kubeconfig: %w", err)
	}
	return namespace, nil
}

// output is the flag -o.
type output string

func (o *output) add(c *cobra.Command, formats ...string) {
	*o = output(formats[0])
	c.Flags().StringVarP((*string)(o), "output", "o", formats[0], "The format: "+strings.Join(formats, ", ")+".")
	_ = c.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp)) // the flag exists
	c.PreRunE = func(*cobra.Command, []string) error {
		if slices.Contains(formats, string(*o)) {
			return nil
		}
		return failed(ExitUsage, "--output=%q: must be one of %s", string(*o), strings.Join(formats, ", "))
	}
}

// example fills the way in which the plugin is called into examples.
func (o *options) example(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimSpace(strings.ReplaceAll(text, "$", o.called)), "\n", "\n  ")
}

// print writes to standard output. A terminal that is gone is nobody to tell.
func print(w io.Writer, format string, args ...any) {
	_, _ = fmt.Fprintf(w, format, args...)
}

// printJSON writes a value as indented JSON.
func printJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}
