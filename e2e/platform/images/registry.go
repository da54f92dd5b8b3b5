package images

import (
	"context"
	"net/http"
	"time"
)

// registries are asked for their version endpoint, which answers 200, or 401 without credentials.
var registries = []string{"https://registry-1.docker.io/v2/", "https://ghcr.io/v2/", "https://registry.k8s.io/v2/"}

// RegistriesAnswer tells, within seconds, whether the registries that the published images are in
// can be reached.
func RegistriesAnswer(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	answers := make(chan bool, len(registries))
	for _, registry := range registries {
		go func() { answers <- answer(ctx, registry) }()
	}
	for range registries {
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
