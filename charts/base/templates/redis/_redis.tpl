{{/*
Router and WorkloadManager ask their store once, when they start, and exit if it does not answer, so both are held back until it does.
A store that accepts connections may still be loading its data. Takes root and env, the environment of the program.
*/}}
{{- define "agentcube.redis.wait" -}}
{{- include "agentcube.wait" (dict "root" .root "name" "wait-for-redis") }}
    - |
      set -u
      trap 'exit 1' TERM
      {{- include "agentcube.wait.meshed" . | nindent 6 }}

      case ${STORE_TYPE:-} in
        [Vv]*) addresses=${VALKEY_ADDR:-} password=${VALKEY_PASSWORD:-} ;;
        *) addresses=${REDIS_ADDR:-} password=${REDIS_PASSWORD:-} ;;
      esac

      # With QUIT the store ends the connection, and so curl
      commands() {
        [ -z "$password" ] || printf '*2\r\n$4\r\nAUTH\r\n$%d\r\n%s\r\n' "$(printf '%s' "$password" | wc -c)" "$password"
        printf '*1\r\n$4\r\nPING\r\n*1\r\n$4\r\nQUIT\r\n'
      }

      echo "waiting for the store at $addresses"
      end=$(($(date +%s) + {{ .root.Values.redis.waitSeconds }}))
      while :; do
        for address in $(echo "$addresses" | tr , ' '); do
          case $address in
            # In the pod itself: it comes with the containers that wait for this one
            localhost:*) exit 0 ;;
          esac
          answer=$(commands | curl --silent --noproxy '*' --max-time 2 "telnet://$address" | tr '\r\n' '  ')
          case $answer in
            *-LOADING* | *-MASTERDOWN* | *-CLUSTERDOWN* | *-BUSY* | *'max number of clients'*) ;;
            # Also errors of another kind: the program says what is wrong
            *+PONG* | *-NOAUTH* | *-WRONGPASS* | *-NOPERM* | *-DENIED* | *-ERR*) exit 0 ;;
          esac
        done
        [ "$(date +%s)" -lt "$end" ] || break
        sleep 0.5
      done
      echo "the store does not serve (its last answer: ${answer:-none}): the program starts anyway. Check redis.addr, or the variable in extraEnv that replaces it"
  env:
    {{- include "agentcube.env.waiting" .env | nindent 4 }}
{{- end -}}
