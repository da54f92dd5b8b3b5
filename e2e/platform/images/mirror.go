package images

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"agentcube-mtls/internal/command"
)

// Mirror returns the host of a registry that has the images of Registries under the same
// repositories and tags. It is empty if the user has named none.
func Mirror() string { return os.Getenv("REGISTRY_MIRROR") }

// InMirror returns the name of an image's copy in the mirror, with its digest. An image may name a
// digest too. A mirror that passes on what the registries have has the same; one that people have
// filled may not, because a copy for one platform has its own, and then the tag decides.
func InMirror(ctx context.Context, image string) (string, error) {
	registry, err := name.NewRegistry(Mirror(), name.StrictValidation)
	if err != nil {
		return "", fmt.Errorf("REGISTRY_MIRROR=%s: give the host of a registry, and its port if it has one: %w", Mirror(), err)
	}
	tagged, digest, pinned := strings.Cut(image, "@")
	original, err := name.NewTag(tagged)
	if err != nil {
		return "", err
	}
	repository := registry.Repo(original.RepositoryStr())
	candidates := []name.Reference{repository.Tag(original.TagStr())}
	if pinned {
		candidates = append([]name.Reference{repository.Digest(digest)}, candidates...)
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second) // the mirror may have to ask a registry
	defer cancel()
	for _, candidate := range candidates {
		found, problem := remote.Head(candidate, remote.WithContext(ctx))
		if problem == nil {
			return fmt.Sprintf("%s:%s@%s", repository, original.TagStr(), found.Digest), nil
		}
		err = problem
	}
	return "", unmirrored(tagged, err)
}

// unmirrored says why an image cannot be pulled from the mirror, and what to do about it.
func unmirrored(image string, problem error) error {
	status := 0
	if answer := (*transport.Error)(nil); errors.As(problem, &answer) {
		status = answer.StatusCode
	}
	switch status {
	case http.StatusNotFound:
		return fmt.Errorf("REGISTRY_MIRROR=%s has no copy of %s: copy the image there under the same repository and tag, or run `unset REGISTRY_MIRROR`",
			Mirror(), image)
	case http.StatusUnauthorized, http.StatusForbidden:
		return fmt.Errorf("REGISTRY_MIRROR=%s lets nobody pull %s without a password, and the cluster's nodes have none: "+
			"allow it, or run `unset REGISTRY_MIRROR`: %w", Mirror(), image, problem)
	}
	return fmt.Errorf("REGISTRY_MIRROR=%s does not answer: start the mirror, or run `unset REGISTRY_MIRROR`: %w", Mirror(), problem)
}

// pull brings a published image into the engine, from the mirror if there is one.
func pull(ctx context.Context, image string) error {
	if Mirror() == "" {
		return command.New("docker", "pull", image).Run(ctx)
	}
	inMirror, err := InMirror(ctx, image)
	if err != nil {
		return err
	}
	if err := command.New("docker", "pull", inMirror).Run(ctx); err != nil {
		return err
	}
	return command.New("docker", "tag", inMirror, image).Run(ctx)
}
