package images

import (
	"context"
	"net/http"
	"time"
)

// Registries are the hosts that have the published images, each with its version endpoint, which
// answers 200, or 401 without credentials.
var Registries = map[string]string{
	"docker.io":       "https://registry-1.docker.io/v2/",
	"ghcr.io":         "https://ghcr.io/v2/",
	"registry.k8s.io": "https://registry.k8s.io/v2/",
}

// RegistriesAnswer tells, within seconds, whether all of Registries can be reached.
func RegistriesAnswer(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	answers := make(chan bool, len(Registries))
	for _, endpoint := range Registries {
		go func() { answers <- answer(ctx, endpoint) }()
	}
	for range Registries {
		if !<-answers {
			return false
		}
	}
	return true
}

func answer(ctx context.Context, url string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK || response.StatusCode == http.StatusUnauthorized
}
