package dependency_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

// Whatever two Microservices say of each other, also what the CRD would refuse: nothing panics, the same world gives the
// same answers, and who is not admitted has no way.
func FuzzResolve(f *testing.F) {
	for _, pair := range [][2]string{
		{`{"image":"x","dependencies":[{"name":"api"}]}`, `{"image":"x","ports":[{"name":"http","port":80}]}`},
		{`{"image":"x","dependencies":[{"name":"api","port":"grpc"}]}`, `{"image":"x","allowedDependents":{"from":"None"}}`},
		{`{"image":"x","dependencies":[{"name":"api","namespace":"shop","kind":"Service"}]}`, `{"image":"x","replicas":0}`},
		{`{"image":"x","dependencies":[{"name":"mail","external":{"host":"mail.example.com","cidrs":["10.0.0.0/8"]}}]}`, `{}`},
		{`{"image":"x","dependencies":[{"name":"api","startPolicy":"AfterAvailable"}]}`, `{"dependencies":[{"name":"web"}]}`},
	} {
		f.Add([]byte(pair[0]), []byte(pair[1]))
	}
	f.Fuzz(func(t *testing.T, one, other []byte) {
		web, api := microservice("web"), microservice("api")
		web.Spec, api.Spec = v1alpha1.MicroserviceSpec{}, v1alpha1.MicroserviceSpec{}
		if json.Unmarshal(one, &web.Spec) != nil || json.Unmarshal(other, &api.Spec) != nil {
			return // the API server does not store what is not a spec
		}
		all := []*v1alpha1.Microservice{web, api}
		w := world{microservices: all}
		resolutions := w.resolve(web)
		if again := w.resolve(web.DeepCopy()); !reflect.DeepEqual(resolutions, again) {
			t.Errorf("the same world resolves to %+v, then to %+v", resolutions, again)
		}
		if len(resolutions) != len(web.Spec.Dependencies) {
			t.Errorf("%d dependencies resolve to %d", len(web.Spec.Dependencies), len(resolutions))
		}
		admitted := dependency.Admits(api, web.Namespace, nil)
		for _, d := range dependency.Dependents(api, all, nil) {
			if d.Permitted && !admitted {
				t.Errorf("%+v is permitted, and %s/%s admits nobody of its namespace", d, api.Namespace, api.Name)
			}
		}
		cycles := dependency.Cycles(all, nil)
		dependency.Awaited(web, resolutions, cycles[dependency.KeyOf(web)])
		addresses := dependency.AddressesOf(resolutions)
		if again := dependency.ParseAddresses(addresses.String()); len(addresses) > 0 && again.String() != addresses.String() {
			t.Errorf("addresses %q are read as %q", addresses, again)
		}
	})
}
