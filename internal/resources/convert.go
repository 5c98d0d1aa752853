package resources

import "encoding/json"

// convert turns a part of the spec that is a Kubernetes type into its apply configuration. They share one JSON form.
// field names the part in the error, which is an *InvalidSpecError.
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
