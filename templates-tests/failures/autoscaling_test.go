package failures_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

const autoscaled = "router.autoscaling.enabled=true,workloadmanager.autoscaling.enabled=true"

// What the autoscaler has set stays through upgrades, rollbacks, and an upgrade that takes itself
// back.
func TestAutoscaling(t *testing.T) {
	t.Parallel()
	eachHelm(t, "scaled", func(t *testing.T, r release) {
		rollBack := r.helm.version.rollBack
		scale(t, r, 9)
		require.NoError(t, r.upgrade("router.drainSeconds=7"))
		requireScale(t, r, 9, "upgrade")
		r.rollback(1)
		requireScale(t, r, 9, "rollback")
		require.ErrorContains(t, r.upgradeWith([]string{rollBack, "--timeout", "1m"}, "router.image.tag=none"), "has been rolled back")
		requireScale(t, r, 9, rollBack)
		require.NoError(t, r.upgrade("router.drainSeconds=8"))
		requireScale(t, r, 9, "upgrade after a rollback")
	}, autoscaled)
}

// Of a release that switches autoscaling on later, upgrades leave what the autoscaler has set. A
// rollback sets the number of pods that ran when the revision was made: Kubernetes would fall back
// to one pod if a manifest ceased to say a number. Helm 4 overwrites the autoscaler's number only
// where it is told to.
func TestAutoscalingSwitchedOnLater(t *testing.T) {
	t.Parallel()
	eachHelm(t, "scaled-later", func(t *testing.T, r release) {
		scale(t, r, 4)
		require.NoError(t, r.upgrade(autoscaled))
		requireScale(t, r, 4, "the switch")
		scale(t, r, 9)
		require.NoError(t, r.upgrade("router.drainSeconds=7"))
		requireScale(t, r, 9, "upgrade")
		output, err := r.tryRollback(2)
		if r.helm.version.serverSide {
			require.ErrorContains(t, err, `conflict with "kube-controller-manager" with subresource "scale"`)
			output, err = r.tryRollback(2, "--force-conflicts")
		}
		r.must(output, err)
		requireScale(t, r, 4, "rollback")
	})
}

var scaled = []string{"agentcube-router", "workloadmanager"}

// scale sets the number of pods as an autoscaler does.
func scale(t *testing.T, r release, replicas int32) {
	t.Helper()
	for _, name := range scaled {
		_, err := client(t).AppsV1().Deployments(r.name).UpdateScale(t.Context(), name, &autoscalingv1.Scale{
			ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: r.name}, Spec: autoscalingv1.ScaleSpec{Replicas: replicas},
		}, metav1.UpdateOptions{FieldManager: "kube-controller-manager"})
		require.NoError(t, err)
	}
}

func requireScale(t *testing.T, r release, replicas int32, after string) {
	t.Helper()
	for _, name := range scaled {
		found, err := client(t).AppsV1().Deployments(r.name).Get(t.Context(), name, metav1.GetOptions{})
		require.NoError(t, err)
		assert.Equal(t, replicas, *found.Spec.Replicas, "%s after %s", name, after)
	}
}

func client(t *testing.T) kubernetes.Interface {
	t.Helper()
	made, err := kubernetes.NewForConfig(server.Config)
	require.NoError(t, err)
	return made
}
