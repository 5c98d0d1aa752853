// Command app is the program of the pods that the tests start: a service that serves, fails and ends as its arguments say, a client
// that calls one without pause, and what counts the calls. Its image has nothing else.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: app serve|connect|load|tally|get|exit [FLAG...]")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	commands := map[string]func(context.Context, []string) error{
		"serve": serve, "connect": connect, "load": load, "tally": tally, "get": get, "exit": exit,
	}
	command, known := commands[os.Args[1]]
	if !known {
		fmt.Fprintf(os.Stderr, "error: unknown command %q\n", os.Args[1])
		os.Exit(2)
	}
	if err := command(ctx, os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// serve answers on a TCP and a UDP port until it is asked to end, and then finishes what it has begun.
func serve(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("serve", flag.ExitOnError)
	port := flags.Int("http", 8080, "The TCP port.")
	udp := flags.Int("udp", 0, "The UDP port; 0 is none.")
	after := flags.Duration("start-after", 0, "How long it does not listen.")
	unhealthy := flags.Bool("unhealthy", false, "Answer /healthz with 503.")
	exitAfter := flags.Duration("exit-after", 0, "End with exit code 3 after so long; 0 is never.")
	sickAfter := flags.Duration("sick-after", 0, "Answer /alive with 500 after so long; 0 is never.")
	allocate := flags.Int("allocate", 0, "Use so many MiB of memory.")
	work := flags.Duration("work", 0, "How much time of a CPU each request costs.")
	write := flags.String("write", "", "Fill this file without end.")
	_ = flags.Parse(args) // it exits

	began := time.Now()
	fmt.Println("starts")
	select {
	case <-time.After(*after):
	case <-ctx.Done():
		return nil
	}
	if *udp != 0 {
		connection, err := net.ListenUDP("udp", &net.UDPAddr{Port: *udp})
		if err != nil {
			return err
		}
		go echo(connection)
	}
	if *exitAfter > 0 {
		time.AfterFunc(*exitAfter, func() { die("no database", 3) })
	}
	if *allocate > 0 {
		go use(*allocate)
	}
	if *write != "" {
		go fill(*write)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(http.ResponseWriter, *http.Request) {
		for end := time.Now().Add(*work); time.Now().Before(end); {
		}
	})
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) {
		if *unhealthy {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	mux.HandleFunc("/alive", func(w http.ResponseWriter, _ *http.Request) {
		if *sickAfter > 0 && time.Since(began) > *sickAfter {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	return listen(ctx, *port, mux)
}

func listen(ctx context.Context, port int, handler http.Handler) error {
	server := &http.Server{Addr: fmt.Sprintf(":%d", port), Handler: handler, ReadHeaderTimeout: time.Minute}
	ended := make(chan error, 1)
	go func() { ended <- server.ListenAndServe() }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		return server.Shutdown(context.WithoutCancel(ctx))
	}
}

func echo(connection *net.UDPConn) {
	b := make([]byte, 1024)
	for {
		n, from, err := connection.ReadFromUDP(b)
		if err != nil {
			return
		}
		_, _ = connection.WriteToUDP(b[:n], from) // who asked asks again
	}
}

// die ends the program with its last words where Kubernetes reads them.
func die(words string, code int) {
	fmt.Fprintln(os.Stderr, "error:", words)
	_ = os.WriteFile("/dev/termination-log", []byte(words), 0o644)
	os.Exit(code)
}

func use(mebibytes int) {
	var held [][]byte
	for range mebibytes {
		held = append(held, bytes.Repeat([]byte{1}, 1<<20))
	}
	fmt.Println("uses", len(held), "MiB")
}

func fill(path string) {
	f, err := os.Create(path)
	if err != nil {
		die(err.Error(), 1)
	}
	block := make([]byte, 1<<20)
	for err == nil {
		_, err = f.Write(block)
		time.Sleep(10 * time.Millisecond)
	}
}

// exit ends at once, with last words.
func exit(_ context.Context, args []string) error {
	flags := flag.NewFlagSet("exit", flag.ExitOnError)
	code := flags.Int("code", 1, "The exit code.")
	words := flags.String("words", "", "The last words.")
	_ = flags.Parse(args) // it exits
	die(*words, *code)
	return nil
}

// connect tries one connection that is answered: connect tcp|udp HOST:PORT.
func connect(ctx context.Context, args []string) error {
	if len(args) != 2 {
		return errors.New("usage: app connect tcp|udp HOST:PORT")
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	c, err := new(net.Dialer).DialContext(ctx, args[0], args[1])
	if err != nil || args[0] == "tcp" {
		return err
	}
	deadline, _ := ctx.Deadline()
	if err := c.SetDeadline(deadline); err != nil {
		return err
	}
	if _, err := c.Write([]byte("hello")); err != nil {
		return err
	}
	_, err = c.Read(make([]byte, 5))
	return err
}

// Calls are how many calls were made, and how many got no answer with the status 200.
type Calls struct {
	Sent, Lost int64
	// Last is why one was lost.
	Last string `json:",omitempty"`
}

// rate is how many calls begin each second.
const rate = 50

// load calls a URL at a constant rate from its first answer on, each time with a new connection, and reports the calls:
// load URL REPORT-URL.
func load(ctx context.Context, args []string) error {
	if len(args) != 2 {
		return errors.New("usage: app load URL REPORT-URL")
	}
	url, report := args[0], args[1]
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	var sent, lost atomic.Int64
	var last atomic.Value
	var calls sync.WaitGroup
	var reporting sync.Mutex
	// flush reports what has ended since it last did. The last one waits for those before it, whose calls it reports if they cannot.
	flush := func() {
		reporting.Lock()
		defer reporting.Unlock()
		now := Calls{Sent: sent.Swap(0), Lost: lost.Swap(0)}
		now.Last, _ = last.Load().(string)
		content, err := json.Marshal(now)
		if err == nil {
			err = post(client, report, content)
		}
		if err != nil {
			sent.Add(now.Sent)
			lost.Add(now.Lost)
		}
	}
	go func() {
		_ = listen(ctx, 8080, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})) // for the readiness probe
	}()
	// The first calls of a new pod can be refused until the cluster's network knows it.
	for call(client, url) != nil && ctx.Err() == nil {
		time.Sleep(100 * time.Millisecond)
	}
	tick, each := time.NewTicker(time.Second/rate), time.NewTicker(time.Second)
	for {
		select {
		case <-tick.C:
			calls.Go(func() {
				if err := call(client, url); err != nil {
					lost.Add(1)
					last.Store(time.Now().UTC().Format("15:04:05.000 ") + err.Error())
				}
				sent.Add(1)
			})
		case <-each.C:
			go flush()
		case <-ctx.Done():
			calls.Wait()
			flush()
			return nil
		}
	}
}

// call returns what went wrong, and how far the call came: a timeout alone does not tell whether a server or the network is silent.
func call(client *http.Client, url string) error {
	var stage atomic.Value
	stage.Store("looking up the name")
	ctx := httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{
		ConnectStart: func(_, address string) { stage.Store("connecting to " + address) },
		GotConn:      func(c httptrace.GotConnInfo) { stage.Store("connected from " + c.Conn.LocalAddr().String()) },
	})
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	began := time.Now()
	response, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("%w (after %s, %s)", err, time.Since(began).Round(time.Millisecond), stage.Load())
	}
	_, err = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close() // it has been read
	if response.StatusCode != http.StatusOK {
		return errors.Join(err, errors.New(response.Status))
	}
	return err
}

func post(client *http.Client, url string, content []byte) error {
	response, err := client.Post(url, "application/json", bytes.NewReader(content))
	if err != nil {
		return err
	}
	return response.Body.Close()
}

// tally adds up what is posted to it on port 8090, and answers with the sum.
func tally(ctx context.Context, _ []string) error {
	var mu sync.Mutex
	var sum Calls
	return listen(ctx, 8090, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if r.Method == http.MethodPost {
			var c Calls
			if err := json.NewDecoder(r.Body).Decode(&c); err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			sum.Sent, sum.Lost = sum.Sent+c.Sent, sum.Lost+c.Lost
			if c.Last != "" {
				sum.Last = c.Last
			}
		}
		_ = json.NewEncoder(w).Encode(sum) // who asked asks again
	}))
}

// get prints what a URL answers.
func get(_ context.Context, args []string) error {
	response, err := http.Get(args[0])
	if err != nil {
		return err
	}
	_, err = io.Copy(os.Stdout, response.Body)
	return errors.Join(err, response.Body.Close())
}
