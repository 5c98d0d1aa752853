package ui_test

import (
	"bytes"
	"errors"
	"flag"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"testing"

	pagecommands "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/test/cluster"
)

var screenshots = flag.String("screenshots", "", "The folder that TestScreenshots writes the pictures of the documentation to.")

// TestScreenshots takes pictures of Online Boutique, healthy and with an outage.
func TestScreenshots(t *testing.T) {
	if *screenshots == "" {
		t.Skip("it writes files: make screenshots")
	}
	l := startLive(t)
	l.boutique(t, func(*v1alpha1.Microservice) {})
	address := serve(t, "--kubeconfig="+l.named(t, "production"), "-n", shop)
	l.takePictures(t, address, "ui-healthy", "document.querySelectorAll('#nodes > .ready').length === 12", func(*page) {})

	ms := &v1alpha1.Microservice{ObjectMeta: metav1.ObjectMeta{Namespace: shop, Name: broken}}
	key := client.ObjectKeyFromObject(ms)
	if err := l.kube.Get(t.Context(), key, ms); err != nil {
		t.Fatal(err)
	}
	again := &v1alpha1.Microservice{ObjectMeta: metav1.ObjectMeta{Namespace: shop, Name: broken}, Spec: ms.Spec}
	if err := l.kube.Delete(t.Context(), ms, client.PropagationPolicy(metav1.DeletePropagationForeground)); err != nil {
		t.Fatal(err)
	}
	cluster.Await(t, func() error {
		err := l.kube.Get(t.Context(), key, ms)
		if err == nil {
			return errors.New("it is still there")
		}
		return client.IgnoreNotFound(err)
	})
	breakImage(again)
	l.create(t, again)
	l.failToPull(t, broken)
	l.takePictures(t, address, "ui-outage", card(shop+"/"+broken)+"?.textContent.includes('ImagePullFailed') && document.querySelectorAll('#edges .broken').length >= 2", func(p *page) {
		p.click(t, "#panel .trouble li button")
		p.await(t, "document.querySelector('#panel .pods')")
	})
}

// named is the kubeconfig under another name, which the page shows.
func (l *live) named(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile(l.kubeconfig)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(path, bytes.ReplaceAll(raw, []byte(": test\n"), []byte(": "+name+"\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// takePictures takes one of the page in light, and one in dark, when it is ready and after what is done then.
func (l *live) takePictures(t *testing.T, address, name, ready string, then func(*page)) {
	t.Helper()
	for suffix, dark := range map[string]bool{"": false, "-dark": true} {
		p := newPage(t, l.browser, device{width: 1280, height: 800, dark: dark, scale: 2})
		// What has just happened is a while ago for who sees the picture.
		later := pagecommands.AddScriptToEvaluateOnNewDocumentParams{Source: "{ const now = Date.now; Date.now = () => now() + 3 * 60 * 1000; }"}
		if _, err := chromedp.Call(p.ctx, pagecommands.AddScriptToEvaluateOnNewDocument, later); err != nil {
			t.Fatal(err)
		}
		if err := chromedp.Do(p.ctx, chromedp.Navigate(address)); err != nil {
			t.Fatal(err)
		}
		p.await(t, ready)
		then(p)
		p.do(t, "document.activeElement.blur()")
		p.do(t, "new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
		raw, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
		if err != nil {
			t.Fatal(err)
		}
		raw = small(t, raw)
		if kilobytes := len(raw) / 1000; kilobytes >= 300 {
			t.Errorf("%s%s has %d kB, want less than 300", name, suffix, kilobytes)
		}
		if err := os.WriteFile(filepath.Join(*screenshots, name+suffix+".png"), raw, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// small is a picture in its 256 most frequent colours, which nobody tells apart from all of them.
func small(t *testing.T, raw []byte) []byte {
	t.Helper()
	full, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	count := map[color.Color]int{}
	each := func(do func(x, y int)) {
		for y := full.Bounds().Min.Y; y < full.Bounds().Max.Y; y++ {
			for x := full.Bounds().Min.X; x < full.Bounds().Max.X; x++ {
				do(x, y)
			}
		}
	}
	var palette color.Palette
	each(func(x, y int) {
		if c := full.At(x, y); count[c] > 0 {
			count[c]++
		} else {
			count[c] = 1
			palette = append(palette, c)
		}
	})
	slices.SortStableFunc(palette, func(a, b color.Color) int { return count[b] - count[a] })
	palette = palette[:min(256, len(palette))]
	index := map[color.Color]uint8{}
	few := image.NewPaletted(full.Bounds(), palette)
	each(func(x, y int) {
		c := full.At(x, y)
		i, found := index[c]
		if !found {
			i = uint8(palette.Index(c))
			index[c] = i
		}
		few.SetColorIndex(x, y, i)
	})
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, few); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
