package e2e

import (
	"context"
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"agentcube-mtls/e2e/faults"
	"agentcube-mtls/e2e/platform/images"
	"agentcube-mtls/e2e/record"
	"agentcube-mtls/e2e/release"
	"agentcube-mtls/e2e/suite"
	"agentcube-mtls/internal/command"
)

var postgreSQL = suite.Scenario{
	Name:        "postgresql",
	Description: "Two SPIRE servers, each with keys and a CA of its own, share one PostgreSQL outside of the cluster, verified by its CA, and either issues certificates without the other.",
	Run: func(ctx context.Context, t *testing.T, _ release.Release) {
		const name = "postgresql"
		database := startDatabase(ctx, t, name, images.PostgreSQL, "pg_isready")
		authority, err := database.exec("cat", "/etc/ssl/certs/ssl-cert-snakeoil.pem").Output(ctx)
		require.NoError(t, err)
		suite.Afterwards(t, func(ctx context.Context) { assert.NoError(t, suite.Env.Release.DeleteNamespace(ctx, name)) })
		_, err = suite.Env.Release.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
		require.NoError(t, err)
		_, err = suite.Env.Release.CoreV1().ConfigMaps(name).Create(ctx, &corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Name: "database"}, Data: map[string]string{"ca.crt": authority},
		}, metav1.CreateOptions{})
		require.NoError(t, err)
		requireServersStandIn(ctx, t, name, database, map[string]string{
			"spire.server.dataStore.type": "postgres",
			"spire.server.dataStore.connectionString": "dbname=spire user=spire password=spire sslmode=verify-ca sslrootcert=/run/database/ca.crt host=" +
				database.address,
			"spire.server.extraVolumes[0].name": "database", "spire.server.extraVolumes[0].configMap.name": "database",
			"spire.server.extraVolumeMounts[0].name": "database", "spire.server.extraVolumeMounts[0].mountPath": "/run/database",
		})
	},
}

var mySQL = suite.Scenario{
	Name:        "mysql",
	Description: "The same on MySQL, with SOAK=1 only.",
	Soak:        "to Router and WorkloadManager it is as PostgreSQL",
	Run: func(ctx context.Context, t *testing.T, _ release.Release) {
		const name = "mysql"
		require.NoError(t, images.MySQL.Build(ctx))
		database := startDatabase(ctx, t, name, images.MySQL, "mysqladmin", "--user=spire", "--password=spire", "ping")
		requireServersStandIn(ctx, t, name, database, map[string]string{
			"spire.server.dataStore.type":             "mysql",
			"spire.server.dataStore.connectionString": "spire:spire@tcp(" + database.address + ")/spire?parseTime=true",
		})
	},
}

// requireServersStandIn installs a release with two servers on a database, and stops one server,
// the other, and the database.
func requireServersStandIn(ctx context.Context, t *testing.T, name string, database database, values map[string]string) {
	t.Helper()
	maps.Copy(values, map[string]string{
		"spire.enabled": "true", "spire.server.replicas": "2", "spire.server.podDisruptionBudget.enabled": "true",
		"spire.server.ca.x509SvidDefaultTtl": "2m", "workloadmanager.drainSeconds": suite.DrainSeconds,
	})
	r := suite.Install(ctx, t, name, values)
	server, load := target(r, "spire-server"), suite.UnderLoad(ctx, t, r)
	require.NoError(t, load.AwaitCertificates(ctx, "certificates", func(c record.Certificate) bool { return c.Serial != "" }))
	// renewed waits until both sides use a certificate that they do not have now.
	renewed := func(ctx context.Context) error {
		router, manager := load.Newest("agentcube-router").Serial, load.Newest("workloadmanager").Serial
		return load.AwaitCertificates(ctx, "other certificates", func(c record.Certificate) bool { return c.Serial != router && c.Serial != manager })
	}
	suite.Endure(ctx, t, load, []suite.Fault{
		{Name: "the second SPIRE server down", Inject: func(ctx context.Context) error {
			if err := server.Scale(ctx, 1); err != nil {
				return err
			}
			if err := renewed(ctx); err != nil {
				return err
			}
			return server.Scale(ctx, 2)
		}, Spares: suite.Everything},
		{Name: "a SPIRE server killed", Inject: func(ctx context.Context) error {
			if err := server.DeletePod(ctx, faults.AtOnce); err != nil {
				return err
			}
			return renewed(ctx)
		}, Spares: suite.Everything},
		{Name: "the database killed", Inject: func(ctx context.Context) error {
			if err := command.New("docker", "restart", "--time", "0", database.container).Run(ctx); err != nil {
				return err
			}
			return renewed(ctx)
		}, Spares: suite.Everything},
	})
	bundle, err := r.Server(ctx, "bundle", "show")
	require.NoError(t, err)
	assert.Equal(t, 2, strings.Count(bundle, "BEGIN CERTIFICATE"), "each server's CA is in the bundle that all trust:\n%s", bundle)
}

// database runs in a container beside the cluster's nodes.
type database struct{ container, address string }

func (d database) exec(args ...string) command.Command {
	return command.New(append([]string{"docker", "exec", d.container}, args...)...)
}

// startDatabase starts a database for SPIRE servers, waits until a program of its image reaches it
// with --host, and removes it when the test ends.
func startDatabase(ctx context.Context, t *testing.T, name string, image images.Image, answers ...string) database {
	t.Helper()
	network := suite.Beside(ctx, t, name+"-network", "--entrypoint", "sleep", image.Name, "infinity")
	address, err := command.New("docker", "inspect", "--format", "{{.NetworkSettings.Networks.kind.IPAddress}}", network).Output(ctx)
	require.NoError(t, err)
	d := database{container: suite.Within(ctx, t, name, network, image.Name), address: address}
	suite.Eventually(ctx, t, "the database to answer", func(ctx context.Context) error {
		return d.exec(append(answers, "--host", d.address)...).Run(ctx)
	})
	return d
}
