package apiserver

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"agentcube-mtls/internal/components"
)

// patience bounds how long the server may take until it is ready: seconds, or more where others
// keep the machine busy.
const patience = 3 * time.Minute

// Server is a running API server.
type Server struct {
	URL    string
	Token  string // of a user who may do everything
	CAFile string
	Dir    string // all that the two programs wrote, their logs too

	programs []*program
}

// Start builds etcd and the API server, unless that was done before, and runs them on ports of the
// loopback interface until Stop.
func Start(ctx context.Context) (*Server, error) {
	etcd, kubernetes, err := build(ctx)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "agentcube-apiserver-")
	if err != nil {
		return nil, err
	}
	s := &Server{Token: rand.Text(), CAFile: filepath.Join(dir, "apiserver.crt"), Dir: dir}
	if err := s.start(ctx, filepath.Join(etcd, "server"), filepath.Join(kubernetes, "kube-apiserver")); err != nil {
		s.Stop()
		return nil, fmt.Errorf("%w\nlogs are in %s", err, dir)
	}
	if err := s.createDefaultStorageClass(ctx); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

func build(ctx context.Context) (etcd, kubernetes string, err error) {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		etcd, err = components.Etcd.Build(ctx)
		return err
	})
	group.Go(func() (err error) {
		kubernetes, err = components.Kubernetes.Build(ctx)
		return err
	})
	return etcd, kubernetes, group.Wait()
}

func (s *Server) start(ctx context.Context, etcd, kubeAPIServer string) error {
	ports := make([]string, 3)
	if err := findFree(ctx, ports); err != nil {
		return err
	}
	clients, peers := "http://127.0.0.1:"+ports[0], "http://127.0.0.1:"+ports[1]
	s.URL = "https://127.0.0.1:" + ports[2]
	if err := s.writeCredentials(); err != nil {
		return err
	}
	if err := s.run(ctx, etcd, "--data-dir="+filepath.Join(s.Dir, "etcd"), "--unsafe-no-fsync",
		"--listen-client-urls="+clients, "--advertise-client-urls="+clients,
		"--listen-peer-urls="+peers, "--initial-advertise-peer-urls="+peers, "--initial-cluster=default="+peers); err != nil {
		return err
	}
	// The server makes the certificate that it serves with, and its CA, in cert-dir.
	if err := s.run(ctx, kubeAPIServer, "--etcd-servers="+clients, "--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", "--secure-port="+ports[2],
		"--cert-dir="+s.Dir, "--token-auth-file="+s.tokens(), "--authorization-mode=RBAC", "--service-cluster-ip-range=10.0.0.0/24",
		"--service-account-issuer=https://kubernetes.default.svc", "--service-account-key-file="+s.accountKey(), "--service-account-signing-key-file="+s.accountKey(),
		"--endpoint-reconciler-type=none"); err != nil {
		return err
	}
	return s.awaitReady(ctx)
}

// DefaultStorageClass is the name of the StorageClass that the server has from its start.
const DefaultStorageClass = "standard"

func (s *Server) createDefaultStorageClass(ctx context.Context) error {
	client, err := kubernetes.NewForConfig(s.Config())
	if err != nil {
		return err
	}
	_, err = client.StorageV1().StorageClasses().Create(ctx, &storagev1.StorageClass{
		ObjectMeta:  metav1.ObjectMeta{Name: DefaultStorageClass, Annotations: map[string]string{"storageclass.kubernetes.io/is-default-class": "true"}},
		Provisioner: "kubernetes.io/no-provisioner",
	}, metav1.CreateOptions{})
	return err
}

func (s *Server) tokens() string     { return filepath.Join(s.Dir, "tokens.csv") }
func (s *Server) accountKey() string { return filepath.Join(s.Dir, "service-accounts.pem") }

// writeCredentials writes the token of our clients, and the key that signs the tokens of
// ServiceAccounts.
func (s *Server) writeCredentials() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(s.tokens(), []byte(s.Token+",tester,tester,system:masters\n"), 0o600),
		os.WriteFile(s.accountKey(), pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}), 0o600),
	)
}

func (s *Server) run(ctx context.Context, path string, args ...string) error {
	p, err := runProgram(ctx, filepath.Join(s.Dir, filepath.Base(path)+".log"), path, args...)
	if err == nil {
		s.programs = append(s.programs, p)
	}
	return err
}

// Config returns the configuration of a client of the server.
func (s *Server) Config() *rest.Config {
	return &rest.Config{Host: s.URL, BearerToken: s.Token, TLSClientConfig: rest.TLSClientConfig{CAFile: s.CAFile}, QPS: -1, WarningHandler: rest.NoWarnings{}}
}

func (s *Server) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errors.New("the API server is not ready in time"))
	defer cancel()
	for {
		for _, p := range s.programs {
			if p.ended() {
				return fmt.Errorf("%s ended early", p.cmd.Path)
			}
		}
		if s.ready(ctx) {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// ready is true once the server answers, and all that it makes for itself is there: its Service
// comes last.
func (s *Server) ready(ctx context.Context) bool {
	client, err := rest.HTTPClientFor(s.Config())
	if err != nil {
		return false // its certificate is not written yet
	}
	defer client.CloseIdleConnections()
	for _, path := range []string{"/readyz", "/api/v1/namespaces/default/services/kubernetes"} {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+path, nil)
		if err != nil {
			return false
		}
		response, err := client.Do(request)
		if err != nil {
			return false
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusOK {
			return false
		}
	}
	return true
}

// ForTest starts a server that stops with the test. What it wrote stays only if the test fails.
func ForTest(t testing.TB) *Server {
	t.Helper()
	s, err := Start(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() {
		s.Stop()
		if t.Failed() {
			t.Log("the logs of etcd and kube-apiserver are in", s.Dir)
			return
		}
		_ = os.RemoveAll(s.Dir)
	})
	return s
}

// Stop ends both programs. What they wrote stays in Dir.
func (s *Server) Stop() {
	for _, v := range slices.Backward(s.programs) {
		v.stop()
	}
}

// findFree fills in ports that nobody listens on.
func findFree(ctx context.Context, ports []string) error {
	for i := range ports {
		listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer func() { _ = listener.Close() }() // only when all are found, or two could be the same
		_, ports[i], _ = net.SplitHostPort(listener.Addr().String())
	}
	return nil
}
