package cluster

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"k8s.io/client-go/rest"
)

// What was sent before a reset and answered after it is not one of the requests since.
func TestResetForgetsWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	arrived, answer := make(chan struct{}), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(arrived)
		<-answer
	}))
	t.Cleanup(server.Close)
	recorder := NewRecorder()
	client, err := rest.HTTPClientFor(recorder.Wrap(&rest.Config{Host: server.URL}))
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() {
		response, err := client.Get(server.URL + "/api/v1/namespaces/shop/services/web")
		if err == nil {
			err = response.Body.Close()
		}
		done <- err
	}()
	<-arrived
	recorder.Reset()
	close(answer)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if sent := recorder.Requests(""); len(sent) > 0 {
		t.Errorf("%v was sent before", sent)
	}
}
