// Command manager runs the Microservice operator.
package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap/zapcore"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	ctrlmetrics "sigs.k8s.io/controller-runtime/pkg/metrics"
	"sigs.k8s.io/controller-runtime/pkg/metrics/filters"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/microservice-dev/microservice-operator/internal/controller"
	"github.com/microservice-dev/microservice-operator/internal/metrics"
	"github.com/microservice-dev/microservice-operator/internal/settings"
	"github.com/microservice-dev/microservice-operator/internal/version"
)

// options hold the flags.
type options struct {
	metricsAddr     string
	metricsCertPath string
	metricsCertName string
	metricsCertKey  string
	secureMetrics   bool
	enableHTTP2     bool
	probeAddr       string
	pprofAddr       string
	leaderElect     bool
	leaderElectNS   string
	leaderElectID   string
	watchNamespaces string
	concurrency     int
	objectMetrics   string
	version         bool
	flagsFrom       string
	// maxDependentRestarts is the limit, 0 for none.
	maxDependentRestarts int
	settings             settings.Flags
	zap                  zap.Options
}

func main() {
	o, err := parseFlags()
	if o.version {
		fmt.Println(version.Get())
		return
	}
	ctrl.SetLogger(zap.New(zap.UseFlagOptions(&o.zap)))
	if err == nil {
		err = run(o)
	}
	if err != nil {
		ctrl.Log.WithName("setup").Error(err, "Manager stopped")
		os.Exit(1)
	}
}

func parseFlags() (*options, error) {
	// Stack traces do not help with a rejected child: the errors describe themselves.
	o := &options{zap: zap.Options{StacktraceLevel: zapcore.DPanicLevel}}
	flag.StringVar(&o.metricsAddr, "metrics-bind-address", "0", "The address of the metrics endpoint: :8443 for HTTPS, :8080 for HTTP, 0 to disable it.")
	flag.BoolVar(&o.secureMetrics, "metrics-secure", true, "Serve metrics over HTTPS, to authenticated and authorized clients only.")
	flag.StringVar(&o.metricsCertPath, "metrics-cert-path", "", "The directory of the metrics server's certificate. Default: a self-signed one.")
	flag.StringVar(&o.metricsCertName, "metrics-cert-name", "tls.crt", "The file name of the metrics server's certificate.")
	flag.StringVar(&o.metricsCertKey, "metrics-cert-key", "tls.key", "The file name of the metrics server's key.")
	flag.BoolVar(&o.enableHTTP2, "enable-http2", false, "Enable HTTP/2 on the metrics endpoint.")
	flag.StringVar(&o.probeAddr, "health-probe-bind-address", ":8081", "The address of /healthz and /readyz.")
	flag.StringVar(&o.pprofAddr, "pprof-bind-address", "0",
		"The address of /debug/pprof, such as 127.0.0.1:8082; 0 to disable it. It is served to anyone who can reach it.")
	flag.BoolVar(&o.leaderElect, "leader-elect", false, "Enable leader election, so that only one of several managers is active.")
	flag.StringVar(&o.leaderElectNS, "leader-election-namespace", "", "The namespace of the leader election lease. Default: the manager's own.")
	flag.StringVar(&o.leaderElectID, "leader-election-id", "microservice-operator.apps.microservice.dev",
		"The name of the leader election lease. Operators in one namespace that watch different namespaces need one each.")
	flag.StringVar(&o.watchNamespaces, "watch-namespaces", os.Getenv("WATCH_NAMESPACE"),
		"The namespaces to watch, separated by commas. Default: WATCH_NAMESPACE, or all.")
	flag.IntVar(&o.concurrency, "max-concurrent-reconciles", 8, "The number of Microservices that are reconciled at the same time.")
	flag.IntVar(&o.maxDependentRestarts, "max-dependent-restarts", 10,
		"The number of dependents of one target that are restarted at the same time when its port number changes; 0 is no limit.")
	flag.StringVar(&o.objectMetrics, "object-metrics", string(metrics.ObjectsConditions),
		"The series for each Microservice: all, conditions, or none. Above 5,000 Microservices none is advised.")
	flag.StringVar(&o.flagsFrom, "flags-from", "",
		"A directory with a file for each flag: its name is that of the flag, its content is the value. They win over the command line.")
	flag.BoolVar(&o.version, "version", false, "Print the version and exit.")
	o.settings.Bind(flag.CommandLine)
	o.zap.BindFlags(flag.CommandLine)
	flag.Parse()
	if o.flagsFrom == "" {
		return o, nil
	}
	return o, setFlagsFrom(flag.CommandLine, o.flagsFrom)
}

// check rejects flags whose mistake would show late: a wrong namespace as a watch that never starts, a wrong lease as a manager
// that never leads.
func (o *options) check() error {
	if len(validation.IsDNS1123Subdomain(o.leaderElectID)) > 0 {
		return settings.Wrong("leader-election-id", o.leaderElectID, "the name of a lease, such as shop.apps.microservice.dev")
	}
	if o.maxDependentRestarts < 0 {
		return settings.Wrong("max-dependent-restarts", strconv.Itoa(o.maxDependentRestarts), "a number such as 10, or 0 for no limit")
	}
	if err := settings.CheckNamespaces("watch-namespaces", o.watchNamespaces); err != nil {
		return err
	}
	if !metrics.Objects(o.objectMetrics).Valid() {
		return settings.Wrong("object-metrics", o.objectMetrics, "all, conditions or none")
	}
	return nil
}

func run(o *options) error {
	clusterSettings, err := o.settings.Settings()
	if err != nil {
		return err
	}
	if err := o.check(); err != nil {
		return err
	}
	namespaces := settings.Split(o.watchNamespaces)
	mgr, err := newManager(o, namespaces)
	if err != nil {
		return err
	}
	reconciler, err := controller.New(mgr, controller.Options{
		Settings: clusterSettings, Namespaces: namespaces, MaxDependentRestarts: o.maxDependentRestarts, Clock: clock.RealClock{},
	})
	if err != nil {
		return err
	}
	if err := reconciler.SetupWithManager(mgr); err != nil {
		return err
	}
	if err := mgr.AddHealthzCheck("healthz", healthz.Ping); err != nil {
		return fmt.Errorf("adding the health check: %w", err)
	}
	if err := mgr.AddReadyzCheck("readyz", controller.CacheSynced(mgr)); err != nil {
		return fmt.Errorf("adding the readiness check: %w", err)
	}
	return start(ctrl.SetupSignalHandler(), mgr)
}

// syncedTimeout bounds the question whether the caches are filled, which sends no request.
const syncedTimeout = time.Second

// start runs the manager until the context ends. A manager whose caches are not filled has done nothing yet and holds no lease,
// but controller-runtime would keep waiting for them during a shutdown: this one stops at once.
func start(ctx context.Context, mgr ctrl.Manager) error {
	ended := make(chan error, 1)
	go func() { ended <- mgr.Start(ctx) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), syncedTimeout)
	defer cancel()
	if !mgr.GetCache().WaitForCacheSync(limited) {
		return errors.New("asked to end before the Microservices and their children were read")
	}
	return <-ended
}

// retryPeriod is how often the lease is renewed. Candidates try up to 2.2 times as long (client-go's JitterFactor), so a
// released lease is taken within 3 s. The default is twice that.
const retryPeriod = time.Second

func newManager(o *options, namespaces []string) (ctrl.Manager, error) {
	managerOptions := controller.ManagerOptions(namespaces, o.concurrency)
	managerOptions.NewCache = newCache
	managerOptions.Metrics = metricsOptions(o)
	managerOptions.HealthProbeBindAddress = o.probeAddr
	managerOptions.PprofBindAddress = o.pprofAddr
	managerOptions.LeaderElection = o.leaderElect
	managerOptions.LeaderElectionNamespace = o.leaderElectNS
	managerOptions.LeaderElectionID = o.leaderElectID
	managerOptions.LeaderElectionReleaseOnCancel = true // main returns as soon as the manager has stopped
	managerOptions.RetryPeriod = new(retryPeriod)
	managerOptions.RenewDeadline = new(renewDeadline)

	config, err := ctrl.GetConfig()
	if err != nil {
		return nil, fmt.Errorf("finding the cluster: %w", err)
	}
	// Kubernetes' own controllers do the same: within a cluster compression costs both sides more than it saves.
	config.DisableCompression = true
	if o.leaderElect {
		(&fence{now: time.Now}).around(config)
	}
	writes := metrics.NewWrites()
	writes.Around(config)
	mgr, err := ctrl.NewManager(config, managerOptions)
	if err != nil {
		return nil, fmt.Errorf("creating the manager: %w", err)
	}
	for _, c := range []prometheus.Collector{
		writes, metrics.NewBuildInfo(),
		&metrics.Collector{Reader: mgr.GetCache(), Elected: mgr.Elected(), Objects: metrics.Objects(o.objectMetrics)},
	} {
		if err := ctrlmetrics.Registry.Register(c); err != nil {
			return nil, fmt.Errorf("registering metrics: %w", err)
		}
	}
	return mgr, nil
}

func metricsOptions(o *options) metricsserver.Options {
	m := metricsserver.Options{
		BindAddress:   o.metricsAddr,
		SecureServing: o.secureMetrics,
		CertDir:       o.metricsCertPath,
		CertName:      o.metricsCertName,
		KeyName:       o.metricsCertKey,
	}
	if o.secureMetrics {
		m.FilterProvider = filters.WithAuthenticationAndAuthorization
	}
	if !o.enableHTTP2 {
		// HTTP/2 stays off because of the stream cancellation and rapid reset attacks: GHSA-qppj-fm5r-hxr3,
		// GHSA-4374-p667-p6c8.
		m.TLSOpts = append(m.TLSOpts, func(c *tls.Config) { c.NextProtos = []string{"http/1.1"} })
	}
	return m
}
