package main

import (
	"strings"
	"testing"
)

func TestOptionsThatCannotBeUsed(t *testing.T) {
	for name, tc := range map[string]struct {
		options options
		want    string
	}{
		"as they are":           {options: options{leaderElectID: "shop.apps.microservice.dev", objectMetrics: "conditions"}},
		"some namespaces":       {options: options{leaderElectID: "shop", watchNamespaces: "shop, shop-test", objectMetrics: "none"}},
		"unknown series":        {options: options{leaderElectID: "shop", objectMetrics: "some"}, want: `--object-metrics="some": must be`},
		"a pattern":             {options: options{leaderElectID: "shop", watchNamespaces: "shop-*"}, want: `--watch-namespaces="shop-*": must be`},
		"no lease":              {want: `--leader-election-id="": must be`},
		"a lease with a slash":  {options: options{leaderElectID: "shop/lease"}, want: `--leader-election-id="shop/lease": must be`},
		"a lease in upper case": {options: options{leaderElectID: "Shop"}, want: `--leader-election-id="Shop": must be`},
	} {
		t.Run(name, func(t *testing.T) {
			err := tc.options.check()
			if (err == nil) != (tc.want == "") || err != nil && !strings.HasPrefix(err.Error(), tc.want) {
				t.Errorf("the error is %v, want %q", err, tc.want)
			}
		})
	}
}
