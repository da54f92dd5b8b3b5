package e2e

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"agentcube-mtls/e2e/command"
	"agentcube-mtls/e2e/environment"
	"agentcube-mtls/e2e/faults"
	"agentcube-mtls/e2e/images"
	"agentcube-mtls/e2e/observed"
)

// TestSPIREServersOnOneDatabaseStandInForEachOther runs two servers, each with keys and a CA of its own, on a PostgreSQL outside of the
// cluster, whose certificate they verify. Certificates of either CA are trusted, and those of one go on being renewed without the other.
func TestSPIREServersOnOneDatabaseStandInForEachOther(t *testing.T) {
	ctx := start(t)
	database := startDatabase(ctx, t)
	const name = "available"
	afterwards(t, func(ctx context.Context) { assert.NoError(t, suite.release.DeleteNamespace(ctx, name)) })
	_, err := suite.release.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
	require.NoError(t, err)
	_, err = suite.release.CoreV1().ConfigMaps(name).Create(ctx, &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: "database"}, Data: map[string]string{"ca.crt": database.authority},
	}, metav1.CreateOptions{})
	require.NoError(t, err)
	r := install(t, name, map[string]string{
		"spire.enabled": "true", "spire.server.replicas": "2", "spire.server.podDisruptionBudget.enabled": "true",
		"spire.server.dataStore.type": "postgres", "spire.server.dataStore.connectionString": database.connection,
		"spire.server.extraVolumes[0].name": "database", "spire.server.extraVolumes[0].configMap.name": "database",
		"spire.server.extraVolumeMounts[0].name": "database", "spire.server.extraVolumeMounts[0].mountPath": "/run/database",
		"spire.server.ca.x509SvidDefaultTtl": "2m", "workloadmanager.drainSeconds": drainSeconds,
	})
	server, load := target(r, "spire-server"), underLoad(ctx, t, r)
	require.NoError(t, load.awaitCertificates(ctx, "certificates", func(c observed.Certificate) bool { return c.Serial != "" }))
	// renewed waits until both sides use a certificate that they do not have now.
	renewed := func(ctx context.Context) error {
		router, manager := load.newest("agentcube-router").Serial, load.newest("workloadmanager").Serial
		return load.awaitCertificates(ctx, "other certificates", func(c observed.Certificate) bool { return c.Serial != router && c.Serial != manager })
	}
	endure(ctx, t, load, []fault{
		{"the second SPIRE server away", func(ctx context.Context) error {
			if err := server.Scale(ctx, 1); err != nil {
				return err
			}
			if err := renewed(ctx); err != nil {
				return err
			}
			return server.Scale(ctx, 2)
		}, everything},
		{"a SPIRE server killed", func(ctx context.Context) error {
			if err := server.DeletePod(ctx, faults.AtOnce); err != nil {
				return err
			}
			return renewed(ctx)
		}, everything},
		{"the database killed", func(ctx context.Context) error {
			if err := command.New("docker", "restart", "--time", "0", database.container).Run(ctx); err != nil {
				return err
			}
			return renewed(ctx)
		}, everything},
	})
	bundle, err := r.Server(ctx, "bundle", "show")
	require.NoError(t, err)
	assert.Equal(t, 2, strings.Count(bundle, "BEGIN CERTIFICATE"), "each server's CA is in the bundle that all trust:\n%s", bundle)
}

// database is a PostgreSQL in a container beside the cluster's nodes.
type database struct {
	container  string
	authority  string // the certificate that it shows, which nobody else has signed, as PEM
	connection string // for a server that finds the authority in /run/database/ca.crt
}

// startDatabase starts a database for a SPIRE server, and removes it when the test ends.
func startDatabase(ctx context.Context, t *testing.T) database {
	t.Helper()
	d := database{container: environment.Name() + "-test-postgres"}
	remove := command.New("docker", "rm", "--force", "--volumes", d.container)
	require.NoError(t, remove.Run(ctx), "what a run that was killed has left")
	t.Cleanup(func() { _ = remove.Run(context.Background()) })
	run := command.New("docker", "run", "--detach", "--name", d.container, "--label", environment.TestLabel(), "--network", "kind", images.PostgreSQL.Name)
	require.NoError(t, run.Run(ctx))
	address, err := command.New("docker", "inspect", "--format", "{{.NetworkSettings.Networks.kind.IPAddress}}", d.container).Output(ctx)
	require.NoError(t, err)
	eventually(ctx, t, "the database to answer", func(ctx context.Context) error {
		return command.New("docker", "exec", d.container, "pg_isready", "--host", address).Run(ctx)
	})
	d.authority, err = command.New("docker", "exec", d.container, "cat", "/etc/ssl/certs/ssl-cert-snakeoil.pem").Output(ctx)
	require.NoError(t, err)
	d.connection = "dbname=spire user=spire password=spire sslmode=verify-ca sslrootcert=/run/database/ca.crt host=" + address
	return d
}
