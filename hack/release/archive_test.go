package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestWriteZip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	write(t, path, "content")
	at := time.Date(2026, 1, 2, 3, 4, 6, 0, time.UTC)
	var b bytes.Buffer
	if err := writeZip(&b, at, file{name: "kubectl-msvc.exe", mode: 0o755, path: path}); err != nil {
		t.Fatal(err)
	}
	archive, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	if len(archive.File) != 1 {
		t.Fatalf("it has %d files", len(archive.File))
	}
	f := archive.File[0]
	if f.Name != "kubectl-msvc.exe" || f.Mode() != 0o755 || !f.Modified.Equal(at) {
		t.Errorf("it has %s, %v, %v", f.Name, f.Mode(), f.Modified)
	}
	content, err := f.Open()
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(content); err != nil || string(text) != "content" {
		t.Errorf("the file has %q, %v", text, err)
	}
}

func TestExtractStaysInTheFolder(t *testing.T) {
	folder := t.TempDir()
	archive := filepath.Join(folder, "archive.tar")
	if err := create(archive, func(w io.Writer) error {
		files := tar.NewWriter(w)
		if err := files.WriteHeader(&tar.Header{Name: "../outside", Typeflag: tar.TypeReg, Mode: 0o644}); err != nil {
			return err
		}
		return files.Close()
	}); err != nil {
		t.Fatal(err)
	}
	inside := filepath.Join(folder, "inside")
	if err := os.Mkdir(inside, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := extract(archive, inside); err == nil {
		t.Error("it wrote outside of the folder")
	}
	if _, err := os.Stat(filepath.Join(folder, "outside")); err == nil {
		t.Error("there is a file outside of the folder")
	}
}
