package topology

import (
	"context"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

// Names of the cache's indexes of Microservices.
const (
	// indexTargets finds the Microservices that name a Microservice or a Service.
	indexTargets = "targets"
	// indexSelectors finds the Microservices whose consent depends on namespace labels.
	indexSelectors = "selectors"
	indexed        = "yes"
)

// AddIndexes adds the indexes that a Resolver needs. It must be called before the cache starts.
func AddIndexes(ctx context.Context, indexer client.FieldIndexer) error {
	for name, index := range map[string]client.IndexerFunc{indexTargets: indexByTarget, indexSelectors: indexBySelector} {
		if err := indexer.IndexField(ctx, &v1alpha1.Microservice{}, name, index); err != nil {
			return fmt.Errorf("indexing Microservices by %s: %w", name, err)
		}
	}
	return nil
}

func indexByTarget(o client.Object) []string {
	var names []string
	for _, kind := range []dependency.Kind{dependency.Microservice, dependency.Service} {
		for _, key := range dependency.Targets(o.(*v1alpha1.Microservice), kind) {
			names = append(names, dependency.Target{Kind: kind, Key: key}.String())
		}
	}
	return names
}

func indexBySelector(o client.Object) []string {
	if dependency.SelectsNamespaces(o.(*v1alpha1.Microservice)) {
		return []string{indexed}
	}
	return nil
}

// graphIndex queries the indexes.
type graphIndex struct{ cache client.Reader }

// referrers returns the Microservices that name one, admitted or not.
func (g graphIndex) referrers(ctx context.Context, key dependency.Key) ([]*v1alpha1.Microservice, error) {
	return g.dependents(ctx, dependency.Target{Kind: dependency.Microservice, Key: key})
}

// dependents returns the Microservices that name a Microservice or a Service, admitted or not.
func (g graphIndex) dependents(ctx context.Context, target dependency.Target) ([]*v1alpha1.Microservice, error) {
	return g.list(ctx, client.MatchingFields{indexTargets: target.String()})
}

// selecting returns the Microservices whose consent depends on namespace labels.
func (g graphIndex) selecting(ctx context.Context) ([]*v1alpha1.Microservice, error) {
	return g.list(ctx, client.MatchingFields{indexSelectors: indexed})
}

// list returns objects that are shared with the cache and must not be modified.
func (g graphIndex) list(ctx context.Context, options ...client.ListOption) ([]*v1alpha1.Microservice, error) {
	found := &v1alpha1.MicroserviceList{}
	if err := g.cache.List(ctx, found, append(options, client.UnsafeDisableDeepCopy)...); err != nil {
		return nil, fmt.Errorf("listing Microservices: %w", err)
	}
	all := make([]*v1alpha1.Microservice, len(found.Items))
	for i := range found.Items {
		all[i] = &found.Items[i]
	}
	return all, nil
}
