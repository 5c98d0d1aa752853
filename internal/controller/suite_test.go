package controller

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/microservice-dev/microservice-operator/internal/resources"
	"github.com/microservice-dev/microservice-operator/test/cluster"
)

var (
	ctx  context.Context
	kube *cluster.Cluster
	// k8s has the rights of an administrator and no cache.
	k8s client.WithWatch
	// operatorConfig has the rights of the rendered ClusterRole and no others.
	operatorConfig *rest.Config
	// requests records the requests of the operator that runs for all specs; each spec filters by its namespace.
	requests *cluster.Recorder
	operator *runningOperator
	// latest is the operator that was started last, where a spec has one of its own.
	latest *runningOperator
	// kubeconfig is for kubectl, with the rights of an administrator.
	kubeconfig string
	// audit is what the API server logged of the operator's requests.
	audit *cluster.AuditLog
	// logs are what operators wrote.
	logs = &logBook{}
)

func TestController(t *testing.T) {
	RegisterFailHandler(Fail)
	SetDefaultEventuallyTimeout(30 * time.Second)
	SetDefaultEventuallyPollingInterval(50 * time.Millisecond)
	RunSpecs(t, "Controller")
}

var _ = BeforeSuite(func() {
	ctrl.SetLogger(zap.New(zap.WriteTo(io.MultiWriter(GinkgoWriter, logs))))
	DeferCleanup(startServer())
	Expect(kube.StartControllers(ctx)).To(Succeed())
	var err error
	kubeconfig, err = kube.Kubeconfig()
	Expect(err).NotTo(HaveOccurred())
	operator = startOperator(requests.Wrap(operatorConfig))
	DeferCleanup(func() { operator.stop() })
})

// startServer starts an API server, without controllers, and makes its clients. What it returns ends them.
func startServer() (stop func()) {
	GinkgoHelper()
	var cancel context.CancelFunc
	ctx, cancel = context.WithCancel(context.Background())
	dir, err := os.MkdirTemp("", "controller-")
	Expect(err).NotTo(HaveOccurred())
	logged, log, err := cluster.Audit(dir, "users: [operator]")
	Expect(err).NotTo(HaveOccurred())
	audit = log
	kube, err = cluster.Start(logged)
	Expect(err).NotTo(HaveOccurred())
	k8s, err = client.NewWithWatch(kube.Config, client.Options{Scheme: NewScheme()})
	Expect(err).NotTo(HaveOccurred())
	operatorConfig, err = kube.AddOperator(ctx, k8s, "operator", cluster.OptionalRoles...)
	Expect(err).NotTo(HaveOccurred())
	requests = cluster.NewRecorder()
	return func() {
		Expect(kube.Stop()).To(Succeed())
		Expect(os.RemoveAll(dir)).To(Succeed())
		cancel()
	}
}

// runningOperator is a manager with the reconciler, as cmd/main.go runs it.
type runningOperator struct {
	reconciler *MicroserviceReconciler
	clock      *shiftedClock
	// probe tells what the reconciler would do.
	probe      *MicroserviceReconciler
	namespaces []string
	ended      bool
	cancel     context.CancelFunc
	stopped    chan error
}

func startOperator(config *rest.Config, namespaces ...string) *runningOperator {
	GinkgoHelper()
	return startOperatorWith(config, func(*ctrl.Options) {}, namespaces...)
}

// testOptions are the operator's defaults, but that a pod which is ready is available at once: the nodes' pods do not fail.
func testOptions(namespaces []string, clock clock.PassiveClock) Options {
	settings := resources.DefaultSettings()
	settings.MinReadySeconds = 0
	settings.OTLP = resources.OTLP{Endpoint: collector, Protocol: "grpc"}
	return Options{Settings: settings, Namespaces: namespaces, MaxDependentRestarts: 10, Clock: clock}
}

// startOperatorWith changes the options of the manager.
func startOperatorWith(config *rest.Config, change func(*ctrl.Options), namespaces ...string) *runningOperator {
	GinkgoHelper()
	o, mgr := launchOperator(config, change, namespaces...)
	Expect(mgr.GetCache().WaitForCacheSync(ctx)).To(BeTrue())
	return o
}

// launchOperator does not wait until it has read anything.
func launchOperator(config *rest.Config, change func(*ctrl.Options), namespaces ...string) (*runningOperator, ctrl.Manager) {
	GinkgoHelper()
	options := ManagerOptions(namespaces, 8)
	change(&options)
	options.Metrics = metricsserver.Options{BindAddress: "0"}
	options.Controller.SkipNameValidation = new(true) // one process runs several operators, one after the other
	options.GracefulShutdownTimeout = new(5 * time.Second)
	mgr, err := ctrl.NewManager(config, options)
	Expect(err).NotTo(HaveOccurred())
	o := &runningOperator{clock: &shiftedClock{}, namespaces: namespaces, stopped: make(chan error, 1)}
	o.reconciler, err = New(mgr, testOptions(namespaces, o.clock))
	Expect(err).NotTo(HaveOccurred())
	o.probe = o.newProbe(mgr)
	Expect(o.reconciler.SetupWithManager(mgr)).To(Succeed())
	latest = o
	var run context.Context
	run, o.cancel = context.WithCancel(ctx)
	go func() { o.stopped <- mgr.Start(run) }()
	return o, mgr
}

func (o *runningOperator) stop() {
	o.ended = true
	o.cancel()
	<-o.stopped
}

// shiftedClock is the real clock, until it is put forward.
type shiftedClock struct {
	clock.RealClock
	shift  atomic.Int64
	frozen atomic.Pointer[time.Time]
}

func (c *shiftedClock) Now() time.Time {
	if at := c.frozen.Load(); at != nil {
		return *at
	}
	return c.RealClock.Now().Add(time.Duration(c.shift.Load()))
}

// freeze stops the clock: what waits for a time waits until it runs again.
func (c *shiftedClock) freeze() {
	now := c.Now()
	c.frozen.Store(&now)
}

func (c *shiftedClock) run() {
	c.frozen.Store(nil)
}

func (c *shiftedClock) Since(t time.Time) time.Duration {
	return c.Now().Sub(t)
}

func (c *shiftedClock) forward(d time.Duration) {
	c.shift.Add(int64(d))
}

// logBook keeps the lines of a log.
type logBook struct {
	mu    sync.Mutex
	lines []string
}

func (b *logBook) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lines = append(b.lines, string(line))
	return len(line), nil
}

// linesAbout are those that name a namespace.
func (b *logBook) linesAbout(namespace string) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []string
	for _, line := range b.lines {
		if strings.Contains(line, `"`+namespace+`"`) {
			all = append(all, line)
		}
	}
	return all
}

var namespaceCount int

// newNamespace is one that no other spec uses. It is left to the end of the suite: nothing in it disturbs others.
func newNamespace() string {
	GinkgoHelper()
	namespaceCount++
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("spec-%03d", namespaceCount)}}
	Expect(k8s.Create(ctx, ns)).To(Succeed())
	return ns.Name
}
