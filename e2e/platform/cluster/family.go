package cluster

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"

	"sigs.k8s.io/kind/pkg/apis/config/v1alpha4"
)

// Family is that of the addresses of nodes, pods and Services.
var Family = v1alpha4.ClusterIPFamily(cmp.Or(os.Getenv("IP_FAMILY"), string(v1alpha4.IPv4Family)))

// CheckFamily returns an error if IP_FAMILY names no family of addresses.
func CheckFamily() error {
	if !slices.Contains([]v1alpha4.ClusterIPFamily{v1alpha4.IPv4Family, v1alpha4.IPv6Family, v1alpha4.DualStackFamily}, Family) {
		return fmt.Errorf("IP_FAMILY=%s: give ipv4, ipv6 or dual", Family)
	}
	return nil
}

// familyOf returns the family of a cluster by the ranges of one node's pods.
func familyOf(podCIDRs []string) v1alpha4.ClusterIPFamily {
	switch {
	case len(podCIDRs) > 1:
		return v1alpha4.DualStackFamily
	case strings.Contains(podCIDRs[0], ":"):
		return v1alpha4.IPv6Family
	}
	return v1alpha4.IPv4Family
}
