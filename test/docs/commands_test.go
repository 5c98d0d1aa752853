package docs_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// needsKubelet are the commands of the page that only a real kubelet can answer: here they only have to be well-formed.
var needsKubelet = regexp.MustCompile(`^kubectl logs `)

// inMessage is a command within the words of a message.
var inMessage = regexp.MustCompile(`kubectl [a-z]+ [^;)\n]*?(?:  |[;)\n]|$)`)

// commands are those of a page: the lines of its sh blocks, what is typed in its console blocks, and what its messages name.
func (p page) commands() []string {
	var all []string
	for _, m := range fence.FindAllStringSubmatch(p.text, -1) {
		for line := range strings.Lines(m[3]) {
			typed, isTyped := strings.CutPrefix(line, "$ ")
			switch line, _, _ := strings.Cut(typed, " #"); {
			case m[2] == "sh", isTyped:
				all = append(all, strings.TrimSpace(line))
			default:
				for _, found := range inMessage.FindAllString(line, -1) {
					all = append(all, strings.TrimRight(found, " ;)\n"))
				}
			}
		}
	}
	slices.Sort(all)
	// What deletes comes last: the others need what it takes away.
	slices.SortStableFunc(all, func(a, b string) int { return strings.Count(a, "delete") - strings.Count(b, "delete") })
	return slices.DeleteFunc(slices.Compact(all), func(c string) bool {
		return strings.Contains(c, "'...'") // shortened for the reader, and there as a whole
	})
}

// TestTroubleshootingCommands runs every command of the page against a real API server that has what the page speaks of.
func TestTroubleshootingCommands(t *testing.T) {
	server := cluster.StartFor(t)
	kube, err := cluster.NewStrictClient(server.Config)
	if err != nil {
		t.Fatal(err)
	}
	for _, object := range troubled() {
		if err := kube.Create(context.Background(), object); err != nil {
			t.Fatal(err)
		}
	}
	kubeconfig, err := server.Kubeconfig()
	if err != nil {
		t.Fatal(err)
	}
	plugin := t.TempDir()
	if said, err := exec.Command("go", "build", "-o", plugin, "../../cmd/kubectl-msvc").CombinedOutput(); err != nil {
		t.Fatalf("building the plugin: %v\n%s", err, said)
	}
	run := func(command string) {
		if strings.HasPrefix(command, "kubectl msvc why") {
			command += " || test $? = 1" // which says that it is not well
		}
		cmd := exec.Command("sh", "-euc", command)
		cmd.Env = append(os.Environ(), "HOME="+filepath.Dir(kubeconfig), "KUBECONFIG="+kubeconfig,
			"PATH="+plugin+":"+filepath.Dir(cluster.Program("kubectl"))+":"+os.Getenv("PATH"))
		if said, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", command, err, said)
		}
	}
	run("kubectl config set-context --current --namespace=shop")
	commands := troubleshooting(t).commands()
	if len(commands) < 10 {
		t.Errorf("only %d commands were found: %q", len(commands), commands)
	}
	for _, command := range commands {
		if needsKubelet.MatchString(command) && !strings.Contains(command, "--ignore-errors") {
			t.Errorf("%s ends at the first pod without an earlier container", command)
		}
		run(command)
	}
}

// TestTroubleshootingSaysWhatNeedsAKubelet: who tries the page on the local cluster is told at its head what cannot work there.
func TestTroubleshootingSaysWhatNeedsAKubelet(t *testing.T) {
	head, _, _ := strings.Cut(troubleshooting(t).text, "\n## ")
	for _, words := range []string{"`kubectl logs` needs a real kubelet", "(run-a-local-cluster.md)", "KWOK", "no logs"} {
		if !strings.Contains(head, words) {
			t.Errorf("the head of the page does not say %q", words)
		}
	}
	for _, command := range troubleshooting(t).commands() {
		if needsKubelet.MatchString(command) {
			return
		}
	}
	t.Error("no command of the page needs a kubelet, so the page need not speak of it")
}

func troubleshooting(t *testing.T) page {
	t.Helper()
	path := filepath.Join(cluster.Root(), "docs/how-to/troubleshoot.md")
	return page{path: path, text: contents(t, path)}
}

// troubled is the Microservice web in the namespace shop, with children as they are in trouble, and two of Online Boutique.
func troubled() []client.Object {
	name := metav1.ObjectMeta{Namespace: "shop", Name: "web", Labels: map[string]string{v1alpha1.LabelName: "web"}}
	app := corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: name.Labels},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: v1alpha1.ContainerName, Image: "example.com/web:1"}}},
	}
	return []client.Object{
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop"}},
		&v1alpha1.Microservice{ObjectMeta: name, Spec: v1alpha1.MicroserviceSpec{Image: "example.com/web:1"}},
		&v1alpha1.Microservice{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "frontend"}, Spec: v1alpha1.MicroserviceSpec{Image: "example.com/frontend:1"}},
		&v1alpha1.Microservice{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "loadgenerator"}, Spec: v1alpha1.MicroserviceSpec{Image: "example.com/loadgenerator:1"}},
		&appsv1.Deployment{ObjectMeta: name, Spec: appsv1.DeploymentSpec{
			Selector: &metav1.LabelSelector{MatchLabels: name.Labels}, Template: app, Paused: true,
		}},
		&corev1.Service{ObjectMeta: name, Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 80}}}},
	}
}
