use crate::harness::Site;

fn ten() -> impl FnOnce(&crate::harness::Tree) {
    |tree| tree.write("v/a.ts", b"0123456789")
}

#[tokio::test]
async fn a_file_is_served_whole_with_its_type() {
    let site = Site::new(ten()).await;
    let reply = site.get("/v/a.ts").await;
    assert_eq!((reply.status, reply.text()), (200, "0123456789"));
    assert_eq!(reply.header("content-type"), "video/mp2t");
    assert_eq!(reply.header("content-length"), "10");
    assert_eq!(reply.header("accept-ranges"), "bytes");
    assert!(reply.header("cache-control").starts_with("max-age="));
    let head = site
        .request("HEAD", "/v/a.ts", &[("Range", "bytes=0-1")])
        .await;
    assert_eq!((head.status, head.text()), (200, ""));
    assert_eq!(head.header("content-length"), "10");
}

#[tokio::test]
async fn a_range_is_served_in_part() {
    let site = Site::new(ten()).await;
    for (range, body, content_range) in [
        ("bytes=2-4", "234", "bytes 2-4/10"),
        ("bytes=8-", "89", "bytes 8-9/10"),
        ("bytes=-1", "9", "bytes 9-9/10"),
        (
            "bytes=0-99999999999999999999999",
            "0123456789",
            "bytes 0-9/10",
        ),
    ] {
        let reply = site.request("GET", "/v/a.ts", &[("Range", range)]).await;
        assert_eq!((reply.status, reply.text()), (206, body), "{range}");
        assert_eq!(reply.header("content-range"), content_range, "{range}");
        assert_eq!(
            reply.header("content-length"),
            body.len().to_string(),
            "{range}"
        );
    }
}

#[tokio::test]
async fn an_absurd_range_is_refused_or_ignored() {
    let site = Site::new(ten()).await;
    for range in ["bytes=10-", "bytes=99999999999999999999-", "bytes=-0"] {
        let reply = site.request("GET", "/v/a.ts", &[("Range", range)]).await;
        assert_eq!(reply.status, 416, "{range}");
        assert_eq!(reply.header("content-range"), "bytes */10", "{range}");
    }
    let many = format!("bytes={}", vec!["0-1"; 2000].join(","));
    for range in [
        "bytes=4-2",
        "bytes=0-1,4-5",
        "lines=1-2",
        "bytes",
        "bytes=-",
        &many,
    ] {
        let reply = site.request("GET", "/v/a.ts", &[("Range", range)]).await;
        assert_eq!((reply.status, reply.text()), (200, "0123456789"), "{range}");
    }
}

#[tokio::test]
async fn an_empty_file_has_no_range() {
    let site = Site::new(|tree| tree.write("empty.ts", b"")).await;
    assert_eq!(site.get("/empty.ts").await.status, 200);
    assert_eq!(
        site.request("GET", "/empty.ts", &[("Range", "bytes=0-")])
            .await
            .status,
        416
    );
}

#[tokio::test]
async fn what_the_client_has_is_not_sent_again() {
    let site = Site::new(ten()).await;
    let first = site.get("/v/a.ts").await;
    let (etag, modified) = (first.header("etag"), first.header("last-modified"));
    for header in [("If-None-Match", etag), ("If-Modified-Since", modified)] {
        let reply = site.request("GET", "/v/a.ts", &[header]).await;
        assert_eq!((reply.status, reply.text()), (304, ""));
        assert_eq!(reply.header("etag"), etag);
    }
    let part = [("Range", "bytes=0-1"), ("If-Range", etag)];
    assert_eq!(site.request("GET", "/v/a.ts", &part).await.status, 206);
    site.tree().write("v/a.ts", b"changed");
    assert_eq!(
        site.request("GET", "/v/a.ts", &[("If-None-Match", etag)])
            .await
            .status,
        200
    );
    let reply = site.request("GET", "/v/a.ts", &part).await;
    assert_eq!((reply.status, reply.text()), (200, "changed"));
}

#[tokio::test]
async fn any_page_may_load_everything() {
    let site = Site::new(ten()).await;
    let reply = site
        .request("GET", "/v/a.ts", &[("Origin", "https://elsewhere.example")])
        .await;
    assert_eq!(reply.header("access-control-allow-origin"), "*");
    let exposed = reply.header("access-control-expose-headers");
    for name in ["content-length", "content-range", "etag"] {
        assert!(exposed.contains(name), "{name} in {exposed}");
    }
    for path in ["/v/a.ts", "/shoal/shoal.js", "/nothing"] {
        let headers = [
            ("Origin", "https://elsewhere.example"),
            ("Access-Control-Request-Method", "GET"),
            ("Access-Control-Request-Headers", "range"),
        ];
        let reply = site.request("OPTIONS", path, &headers).await;
        assert_eq!(reply.status, 200, "{path}");
        assert_eq!(reply.header("access-control-allow-origin"), "*");
        assert!(
            reply
                .header("access-control-allow-headers")
                .contains("range")
        );
        assert_ne!(reply.header("access-control-max-age"), "");
    }
    assert_eq!(
        site.get("/nothing")
            .await
            .header("access-control-allow-origin"),
        "*"
    );
}

#[tokio::test]
async fn a_growing_playlist_is_kept_for_a_second() {
    let site = Site::new(|tree| tree.rendition("v", 0, &[10], true)).await;
    let reply = site.get("/v/p.m3u8").await;
    assert_eq!(
        reply.header("content-type"),
        "application/vnd.apple.mpegurl"
    );
    assert_eq!(reply.header("cache-control"), "max-age=1");
}

#[tokio::test]
async fn nothing_outside_the_directory_is_served() {
    let secret = tempfile::tempdir().unwrap();
    std::fs::write(secret.path().join("secret.ts"), b"secret").unwrap();
    let site = Site::new(|tree| {
        tree.write("v/a.ts", b"a");
        tree.write(".hidden.ts", b"secret");
        tree.write("v/.git/config", b"secret");
        let link = |from, to| std::os::unix::fs::symlink(from, tree.0.join(to)).unwrap();
        link(secret.path().join("secret.ts"), "file.ts");
        link(secret.path().to_path_buf(), "folder");
        link("/".into(), "slash");
        link("v/a.ts".into(), "inside.ts");
        link("loop.ts".into(), "loop.ts");
    })
    .await;
    let up = "../".repeat(20);
    let encoded = "%2e%2e%2f".repeat(20);
    let outside = secret.path().join("secret.ts").display().to_string();
    for path in [
        &format!("/{up}etc/passwd"),
        &format!("/{encoded}etc/passwd"),
        &format!("/v/{up}{outside}"),
        &format!("/{outside}"),
        "/v/..%5c..%5csecret.ts",
        "/v/%2e%2e/.hidden.ts",
        "/.hidden.ts",
        "/v/.git/config",
        "/v/a.ts%00.m3u8",
        "/v/%ff%fe",
        "/file.ts",
        "/folder/secret.ts",
        "/slash/etc/passwd",
        "/loop.ts",
        "/v",
        "/v/",
    ] {
        let reply = site.get(path).await;
        assert_eq!(reply.status, 404, "{path}");
        assert!(!reply.text().contains("secret"), "{path}");
    }
    assert_eq!(site.get("/inside.ts").await.text(), "a");
    assert_eq!(site.get("/v/%61.ts").await.text(), "a");
}

#[tokio::test]
async fn malformed_requests_do_not_stop_the_server() {
    let site = Site::new(ten()).await;
    assert_eq!(
        site.raw(b"GET /v/a.ts\0 HTTP/1.1\r\nHost: x\r\n\r\n")
            .await
            .status,
        400
    );
    assert_eq!(site.raw(b"\x16\x03\x01 nonsense\r\n\r\n").await.status, 400);
    let long = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(100_000));
    assert!(site.raw(long.as_bytes()).await.status >= 400);
    for method in ["POST", "PUT", "DELETE", "PATCH"] {
        let reply = site.request(method, "/v/a.ts", &[]).await;
        assert_eq!(
            (reply.status, reply.header("allow")),
            (405, "GET, HEAD"),
            "{method}"
        );
    }
    assert_eq!(site.get("/v/a.ts").await.status, 200);
}

#[tokio::test]
async fn the_front_page_is_the_directorys_or_the_demo() {
    let site = Site::new(ten()).await;
    let reply = site.get("/").await;
    assert_eq!(
        (reply.status, reply.header("location")),
        (302, "/shoal/demo/")
    );
    site.tree().write("index.html", "hello");
    site.tree().write("sub/index.html", "below");
    let reply = site.get("/").await;
    assert_eq!((reply.status, reply.text()), (200, "hello"));
    assert_eq!(reply.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(site.get("/sub/").await.text(), "below");
    let reply = site.get("/sub").await;
    assert_eq!((reply.status, reply.header("location")), (302, "/sub/"));
}
