package apiserver

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/stretchr/testify/require"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"agentcube-mtls/internal/components"
)

// patience bounds how long each program may take until it is ready: seconds, or more where others
// keep the machine busy.
const patience = 3 * time.Minute

// Server is a running API server.
type Server struct {
	Config     *rest.Config // of a client that may do everything
	Kubeconfig string       // the file that says the same
	Dir        string       // all that the programs write, their logs too

	environment envtest.Environment
}

// Start builds etcd and the API server, unless that was done before, and runs them until Stop. The
// server has the CRDs in these folders.
func Start(ctx context.Context, crds ...string) (*Server, error) {
	dir, err := os.MkdirTemp("", "agentcube-apiserver-")
	if err != nil {
		return nil, err
	}
	s := &Server{Kubeconfig: filepath.Join(dir, "kubeconfig"), Dir: dir}
	if err := s.start(ctx, crds); err != nil {
		s.Stop(true)
		return nil, err
	}
	return s, nil
}

func (s *Server) start(ctx context.Context, crds []string) error {
	log.SetLogger(logr.Discard()) // the programs' logs say more than envtest's
	etcd, err := s.program(ctx, components.Etcd, "server")
	if err != nil {
		return err
	}
	server, err := s.program(ctx, components.Kubernetes, "kube-apiserver")
	if err != nil {
		return err
	}
	s.environment = envtest.Environment{
		ControlPlane: envtest.ControlPlane{
			Etcd:      &envtest.Etcd{Path: etcd.path, DataDir: filepath.Join(s.Dir, "etcd"), Out: etcd.log, Err: etcd.log},
			APIServer: &envtest.APIServer{Path: server.path, CertDir: s.Dir, Out: server.log, Err: server.log},
		},
		UseExistingCluster:       new(false), // whatever the environment says: tests delete much
		ControlPlaneStartTimeout: patience,
		ControlPlaneStopTimeout:  5 * time.Second,
		CRDInstallOptions:        envtest.CRDInstallOptions{Paths: crds, MaxTime: patience},
		ErrorIfCRDPathMissing:    true,
	}
	// Admission is as in a cluster. There is no other server to agree with on endpoints, and maybe no
	// network whose address could be one.
	s.environment.ControlPlane.APIServer.Configure().Disable("disable-admission-plugins").
		Set("advertise-address", "127.0.0.1").Set("endpoint-reconciler-type", "none")
	if s.Config, err = s.environment.Start(); err != nil {
		return err
	}
	s.Config.QPS, s.Config.WarningHandler = -1, rest.NoWarnings{}
	if err := os.WriteFile(s.Kubeconfig, s.environment.KubeConfig, 0o600); err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(s.Config)
	if err != nil {
		return err
	}
	if err := createDefaultStorageClass(ctx, client); err != nil {
		return err
	}
	// Of all that the server makes for itself, its Service comes last.
	return wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, patience, true, func(ctx context.Context) (bool, error) {
		_, err := client.CoreV1().Services("default").Get(ctx, "kubernetes", metav1.GetOptions{})
		return err == nil, nil
	})
}

// DefaultStorageClass is the name of the StorageClass that the server has from its start.
const DefaultStorageClass = "standard"

func createDefaultStorageClass(ctx context.Context, client kubernetes.Interface) error {
	_, err := client.StorageV1().StorageClasses().Create(ctx, &storagev1.StorageClass{
		ObjectMeta:  metav1.ObjectMeta{Name: DefaultStorageClass, Annotations: map[string]string{"storageclass.kubernetes.io/is-default-class": "true"}},
		Provisioner: "kubernetes.io/no-provisioner",
	}, metav1.CreateOptions{})
	return err
}

// ForTest starts a server that stops with the test.
func ForTest(t testing.TB, crds ...string) *Server {
	t.Helper()
	s, err := Start(t.Context(), crds...)
	require.NoError(t, err)
	t.Cleanup(func() { s.Stop(t.Failed()) })
	return s
}

// Stop ends the server. The logs stay if something has failed.
func (s *Server) Stop(failed bool) {
	_ = s.environment.Stop() // which kills what does not end in time
	if failed {
		fmt.Fprintln(os.Stderr, "the logs of etcd, of the API server and of its controllers are in", s.Dir)
		return
	}
	_ = os.RemoveAll(s.Dir)
}
