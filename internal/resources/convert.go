package resources

import "encoding/json"

// convert converts a part of the spec, a Kubernetes type, into its apply configuration, which has the same JSON form. field
// names the part in the error, an *InvalidSpecError.
func convert[To any](from any, field string) (*To, error) {
	raw, err := json.Marshal(from)
	if err != nil {
		return nil, &InvalidSpecError{Field: field, Reason: err.Error()}
	}
	to := new(To)
	if err := json.Unmarshal(raw, to); err != nil {
		return nil, &InvalidSpecError{Field: field, Reason: err.Error()}
	}
	return to, nil
}
