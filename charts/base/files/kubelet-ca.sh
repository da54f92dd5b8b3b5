# Runs before the SPIRE agent, and beside it. It collects what the agent verifies the kubelet by: the
# cluster's CA, and the certificate that the node keeps for its kubelet, if it keeps one. Either may
# be replaced meanwhile. The agent reads the file once a minute.
set -u

account=/var/run/secrets/kubernetes.io/serviceaccount
certificate="/run/spire/node/{{ base .Values.spire.agent.kubeletCertificate }}"
collected=/run/spire/kubelet/ca.crt
[ ! -e "$certificate" ] || [ -r "$certificate" ] || echo "user $(id -u) cannot read {{ .Values.spire.agent.kubeletCertificate }} on this node"

collect() {
  # Of a file with a key beside the certificate, the certificate only
  sed -n '/-BEGIN CERTIFICATE-/,/-END CERTIFICATE-/p' $account/ca.crt "$certificate" >$collected.new 2>/dev/null
  [ ! -s $collected.new ] || cmp -s $collected.new $collected || mv $collected.new $collected
}
