# Runs beside the SPIRE server. The server writes its trust bundle when it starts and when its CA
# changes, and does not look whether it stays. Where the ConfigMap is replaced (helm upgrade
# --force, kubectl replace) or deleted, this puts the bundle back.
set -u
trap 'exit 0' TERM

namespace=https://kubernetes.default.svc/api/v1/namespaces/{{ .Release.Namespace }}
configmaps=$namespace/configmaps
account=/var/run/secrets/kubernetes.io/serviceaccount
# Helm takes a ConfigMap for its own by these
metadata='"metadata":{"name":"spire-bundle","labels":{"app.kubernetes.io/managed-by":"Helm"},"annotations":{"meta.helm.sh/release-name":"{{ .Release.Name }}","meta.helm.sh/release-namespace":"{{ .Release.Namespace }}"}}'

call() {
  curl --silent --show-error --fail --max-time 10 --cacert $account/ca.crt --oauth2-bearer "$(cat $account/token)" "$@"
}

# The volume outlives a restart of this container
kept=/run/bundle-keeper/bundle
bundle=$(cat $kept 2>/dev/null)
missing=0
while sleep 5 & wait $!; do
  found=$(call "$configmaps?fieldSelector=metadata.name=spire-bundle&pretty=false") || continue
  data=$(printf '%s' "$found" | sed -n 's/.*"bundle\.crt":"\([^"][^"]*\)".*/"bundle.crt":"\1"/p')
  case $found in *'"items":[]'*) missing=$((missing + 1)) ;; *) missing=0 ;; esac
  if [ -n "$data" ]; then
    [ "$data" = "$bundle" ] || { printf '%s' "$data" >$kept.new && mv $kept.new $kept; }
    bundle=$data
  # Who switches SPIRE off deletes the ServiceAccount first, then the ConfigMap, and this container last
  elif [ "$missing" -ge 3 ] && call --output /dev/null "$namespace/serviceaccounts/spire-server"; then
    echo "the ConfigMap spire-bundle is gone: creating it"
    call --output /dev/null --header 'Content-Type: application/json' --data-binary "{$metadata,\"data\":{$bundle}}" "$configmaps"
  elif [ "$missing" = 0 ] && [ -n "$bundle" ]; then
    echo "the ConfigMap spire-bundle has lost its data: putting it back"
    # Of this version of the ConfigMap only: by now the server may have written a newer bundle
    version=$(printf '%s' "$found" | sed -n 's/.*\("resourceVersion":"[0-9]*"\).*/\1/p')
    call --output /dev/null --request PATCH --header 'Content-Type: application/merge-patch+json' \
      --data-binary "{\"metadata\":{$version},\"data\":{$bundle}}" "$configmaps/spire-bundle"
  fi
done
