package transcript

import (
	"slices"
	"testing"
)

func TestNormalized(t *testing.T) {
	const page = "NAME    READY   AGE\nhello   True    11s\nSelector IP: 10.0.1.2, hello-7d9c5b8f4-x2x4z, 774bf4f6-bbad-4945-b77d-29ad5757ef5a\n"
	for name, tc := range map[string]struct {
		printed string
		same    bool
	}{
		"another age, address and pod": {"NAME    READY   AGE\nhello   True    2m11s\nSelector IP: 10.0.200.200, hello-6b7c8d9f5-bcdfg, 774bf4f6-bbad-423d-b77d-29ad5757ef5a\n", true},
		"another status":               {"NAME    READY   AGE\nhello   False   11s\nSelector IP: 10.0.1.2, hello-7d9c5b8f4-x2x4z, 774bf4f6-bbad-4945-b77d-29ad5757ef5a\n", false},
		"a line more":                  {page + "web     True    1s\n", false},
	} {
		if same := Normalized(tc.printed) == Normalized(page); same != tc.same {
			t.Errorf("%s: it counts as the same: %t, want %t", name, same, tc.same)
		}
	}
}

func TestSteps(t *testing.T) {
	want := []Step{{"kubectl get pods", "NAME\nweb\n"}, {"true", ""}}
	if got := Steps("$ kubectl get pods\nNAME\nweb\n$ true\n"); !slices.Equal(got, want) {
		t.Errorf("it reads %q, want %q", got, want)
	}
}
