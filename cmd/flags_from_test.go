package main

import (
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSetFlagsFrom(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		args  []string
		want  string
		err   string
	}{
		"an empty folder":          {args: []string{"--dns-ports=53"}, want: "53 8"},
		"over the command line":    {files: map[string]string{"dns-ports": "5353\n"}, args: []string{"--dns-ports=53"}, want: "5353 8"},
		"several":                  {files: map[string]string{"dns-ports": "53,5353", "max": " 16 "}, want: "53,5353 16"},
		"a name that is no flag":   {files: map[string]string{"dns-port": "5353"}, err: "there is no flag --dns-port"},
		"a value that is no value": {files: map[string]string{"max": "many"}, err: `--max="many"`},
	} {
		t.Run(name, func(t *testing.T) {
			// As the kubelet mounts a ConfigMap: links to files in a folder that is replaced as a whole.
			folder := t.TempDir()
			if err := os.Mkdir(filepath.Join(folder, "..2026"), 0o700); err != nil {
				t.Fatal(err)
			}
			for file, content := range c.files {
				if err := os.WriteFile(filepath.Join(folder, "..2026", file), []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
				if err := os.Symlink(filepath.Join("..2026", file), filepath.Join(folder, file)); err != nil {
					t.Fatal(err)
				}
			}
			flags := flag.NewFlagSet("", flag.ContinueOnError)
			flags.SetOutput(io.Discard)
			ports, most := flags.String("dns-ports", "", ""), flags.Int("max", 8, "")
			if err := flags.Parse(c.args); err != nil {
				t.Fatal(err)
			}
			err := setFlagsFrom(flags, folder)
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) || !strings.Contains(err.Error(), folder) {
					t.Errorf("the error is %v, want the folder and %q", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := *ports + " " + flags.Lookup("max").Value.String(); got != c.want || *most < 8 {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
	if err := setFlagsFrom(flag.NewFlagSet("", flag.ContinueOnError), filepath.Join(t.TempDir(), "gone")); err == nil {
		t.Error("a folder that does not exist is no error")
	}
}
