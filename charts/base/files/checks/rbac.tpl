{{/*
Kubernetes takes a rule for what it does not have, and the rule grants nothing. Other groups than its own may have resources of any
name. Takes root and rules.
*/}}
{{- $kubernetes := .root.Files.Get "files/resources.json" | fromJson -}}
{{- range $rule := .rules -}}
{{- $own := true -}}
{{- range .apiGroups -}}
{{- if has (printf "%s.k8s.io" .) $kubernetes.groups -}}
{{- fail (printf "workloadmanager.rbac.extraRules has the group %s, which Kubernetes calls %s.k8s.io: write that" . .) -}}
{{- end -}}
{{- $own = and $own (has . $kubernetes.groups) -}}
{{- end -}}
{{- range $own | ternary .resources list -}}
{{- $resource := regexFind "^[^/]*" . -}}
{{- with get $kubernetes.others $resource -}}
{{- fail (printf "workloadmanager.rbac.extraRules has the resource %s, which Kubernetes calls %s: write that" $resource .) -}}
{{- end -}}
{{- $groups := get $kubernetes.groupsOf $resource | default list -}}
{{- $granted := not $groups -}}
{{- range $groups -}}
{{- $granted = or $granted (has . $rule.apiGroups) -}}
{{- end -}}
{{- if not $granted -}}
{{- fail (printf "workloadmanager.rbac.extraRules has the resource %s in the group %q, and Kubernetes has it in %q: change apiGroups" $resource (join ", " $rule.apiGroups) (join ", " $groups)) -}}
{{- end -}}
{{- end -}}
{{- if and .resourceNames (regexMatch "^(create|deletecollection| )+$" (join " " .verbs)) (not (contains "/" (join "" .resources))) -}}
{{- fail "workloadmanager.rbac.extraRules has resourceNames, and verbs that concern objects of no name, so that it grants nothing: remove resourceNames" -}}
{{- end -}}
{{- end -}}
