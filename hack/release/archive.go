package main

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"time"
)

// file is a file in an archive.
type file struct {
	name string
	// mode has the permissions.
	mode fs.FileMode
	// path is where the content is.
	path string
}

// writeTar writes an archive in which the files have one time and no owner, in their order.
func writeTar(w io.Writer, at time.Time, files ...file) error {
	archive := tar.NewWriter(w)
	for _, f := range files {
		content, err := os.ReadFile(f.path)
		if err != nil {
			return err
		}
		header := &tar.Header{
			Typeflag: tar.TypeReg, Name: f.name, Mode: int64(f.mode), Size: int64(len(content)), ModTime: at, Format: tar.FormatPAX,
		}
		if err := archive.WriteHeader(header); err != nil {
			return fmt.Errorf("adding %s: %w", f.name, err)
		}
		if _, err := archive.Write(content); err != nil {
			return fmt.Errorf("adding %s: %w", f.name, err)
		}
	}
	return archive.Close()
}

// writeZip is writeTar for Windows.
func writeZip(w io.Writer, at time.Time, files ...file) error {
	archive := zip.NewWriter(w)
	for _, f := range files {
		content, err := os.ReadFile(f.path)
		if err != nil {
			return err
		}
		header := &zip.FileHeader{Name: f.name, Method: zip.Deflate, Modified: at}
		header.SetMode(f.mode)
		entry, err := archive.CreateHeader(header)
		if err != nil {
			return fmt.Errorf("adding %s: %w", f.name, err)
		}
		if _, err := entry.Write(content); err != nil {
			return fmt.Errorf("adding %s: %w", f.name, err)
		}
	}
	return archive.Close()
}

// writeTarGz is writeTar, compressed.
func writeTarGz(w io.Writer, at time.Time, files ...file) error {
	compressed := gzip.NewWriter(w)
	return errors.Join(writeTar(compressed, at, files...), compressed.Close())
}

// create writes a file with what write gives it. The file is closed when create returns, also after an error.
func create(path string, write func(io.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := errors.Join(write(f), f.Close()); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}

// filesIn returns the files below a folder, in the order of their paths, which have slashes on every system.
func filesIn(folder string) ([]string, error) {
	var found []string
	err := fs.WalkDir(os.DirFS(folder), ".", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			found = append(found, path)
		}
		return err
	})
	return found, err
}

// extract writes the files of an archive into a folder. It returns an error for a name that leads out of the folder.
func extract(archive, folder string) error {
	f, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // it was only read
	root, err := os.OpenRoot(folder)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }() // what was written is closed
	for files := tar.NewReader(f); ; {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading %s: %w", archive, err)
		}
		content, err := io.ReadAll(files)
		if err != nil {
			return fmt.Errorf("reading %s: %w", archive, err)
		}
		if err := root.MkdirAll(path.Dir(header.Name), 0o700); err != nil {
			return err
		}
		if err := root.WriteFile(header.Name, content, 0o600); err != nil {
			return err
		}
	}
}
