package faults

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"agentcube-mtls/e2e/kube"
	"agentcube-mtls/internal/command"
)

const (
	bootstrap          = "serverTLSBootstrap: true"
	kubeletDir         = "/var/lib/kubelet"
	servingCertificate = kubeletDir + "/pki/kubelet-server-current.pem"
)

// SignKubelet lets the cluster's CA sign the certificate of a node's kubelet, which is self-signed
// on kind, and returns once the kubelet has it. The self-signed one goes.
func SignKubelet(ctx context.Context, client *kube.Client, node string) error {
	if err := onNode(ctx, node, "sh", "-ec", `echo "$1" >>"$0/config.yaml"; rm "$0/pki/kubelet.crt" "$0/pki/kubelet.key"; systemctl restart kubelet`,
		kubeletDir, bootstrap); err != nil {
		return err
	}
	return kube.Eventually(ctx, "the kubelet of "+node+" to get its certificate", func(ctx context.Context) error {
		if err := approve(ctx, client, "system:node:"+node); err != nil {
			return err
		}
		return onNode(ctx, node, "test", "-e", servingCertificate)
	})
}

// SelfSignKubelet reverts SignKubelet, if it has run, and returns once the kubelet has a self-signed
// certificate again.
func SelfSignKubelet(ctx context.Context, node string) error {
	if err := onNode(ctx, node, "sh", "-ec", `grep -q "^$1$" "$0/config.yaml" || exit 0; sed -i "/^$1$/d" "$0/config.yaml"; rm -f "$0"/pki/kubelet-server-*; systemctl restart kubelet`,
		kubeletDir, bootstrap); err != nil {
		return err
	}
	return kube.Eventually(ctx, "the kubelet of "+node+" to sign its certificate", func(ctx context.Context) error {
		return onNode(ctx, node, "test", "-e", kubeletDir+"/pki/kubelet.crt")
	})
}

// GiveKubelet replaces the certificate that a node's kubelet has signed itself, and its key.
func GiveKubelet(ctx context.Context, node string, certificate, key []byte) error {
	for file, content := range map[string][]byte{"kubelet.crt": certificate, "kubelet.key": key} {
		write := command.New("docker", "exec", "--interactive", node, "sh", "-c", `cat >"$0"`, kubeletDir+"/pki/"+file)
		if err := write.Reading(bytes.NewReader(content)).Run(ctx); err != nil {
			return err
		}
	}
	return onNode(ctx, node, "systemctl", "restart", "kubelet")
}

// RenewKubelet has a node's kubelet sign another certificate, as docs/operations.md says.
func RenewKubelet(ctx context.Context, node string) error {
	return onNode(ctx, node, "sh", "-ec", `rm -f "$0/pki/kubelet.crt" "$0/pki/kubelet.key"; systemctl restart kubelet`, kubeletDir)
}

// approve approves pending requests of a node's kubelet for a serving certificate: Kubernetes
// approves none by itself.
func approve(ctx context.Context, client *kube.Client, user string) error {
	requests := client.CertificatesV1().CertificateSigningRequests()
	all, err := requests.List(ctx, metav1.ListOptions{FieldSelector: "spec.signerName=" + certificatesv1.KubeletServingSignerName})
	if err != nil {
		return err
	}
	for _, request := range all.Items {
		decided := slices.ContainsFunc(request.Status.Conditions, func(c certificatesv1.CertificateSigningRequestCondition) bool {
			return c.Status == corev1.ConditionTrue
		})
		if request.Spec.Username != user || decided {
			continue
		}
		request.Status.Conditions = append(request.Status.Conditions, certificatesv1.CertificateSigningRequestCondition{
			Type: certificatesv1.CertificateApproved, Status: corev1.ConditionTrue, Reason: "Test", Message: "by the test",
		})
		if _, err := requests.UpdateApproval(ctx, request.Name, &request, metav1.UpdateOptions{}); err != nil {
			return fmt.Errorf("approving %s: %w", request.Name, err)
		}
	}
	return nil
}
