//! The programs beside Shoal, each on loopback, in a directory of its own, for as long as a test runs.

use std::{
    fs,
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use tempfile::TempDir;
use tokio::time::{sleep, timeout};

use crate::harness::PATIENCE;

/// A port of this machine that nobody listens at.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// Waits until somebody listens.
pub(crate) async fn listens(port: u16) {
    let listening = async {
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, listening).await.expect("a listener");
}

/// A process that ends with the test.
#[derive(Debug)]
pub(crate) struct Program(pub(crate) Child);

impl Program {
    pub(crate) fn start(command: &mut Command) -> Self {
        Self(command.stdin(Stdio::null()).spawn().unwrap())
    }

    /// Without a chance to say goodbye.
    pub(crate) fn kill(&mut self) {
        let _gone_already = self.0.kill();
        let _ended = self.0.wait();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A Redis that keeps nothing.
pub(crate) struct Redis {
    dir: TempDir,
    pub(crate) port: u16,
    running: Option<Program>,
}

impl Redis {
    pub(crate) async fn start(more: &[&str]) -> Self {
        let mut redis = Self {
            dir: tempfile::tempdir().unwrap(),
            port: free_port(),
            running: None,
        };
        redis.again(more).await;
        redis
    }

    /// Starts it (again), empty.
    pub(crate) async fn again(&mut self, more: &[&str]) {
        self.kill();
        let mut command = Command::new("redis-server");
        command
            .args(["--bind", "127.0.0.1", "--port", &self.port.to_string()])
            .args(["--save", "", "--appendonly", "no", "--dir"])
            .arg(self.dir.path())
            .args(more)
            .stdout(Stdio::null());
        self.running = Some(Program::start(&mut command));
        listens(self.port).await;
    }

    pub(crate) fn kill(&mut self) {
        self.running = None;
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    pub(crate) fn connection(&self) -> redis::Connection {
        let client = redis::Client::open(self.url()).unwrap();
        client.get_connection().unwrap()
    }
}

/// nginx with one of our examples.
pub(crate) async fn nginx(dir: &Path, http: &str, port: u16) -> Program {
    let at = dir.display();
    let text = format!(
        "pid {at}/pid;\nerror_log {at}/errors;\ndaemon off;\nmaster_process off;\n\
         worker_rlimit_nofile 8192;\nevents {{ worker_connections 4096; }}\n\
         http {{\nclient_body_temp_path {at}/a;\nproxy_temp_path {at}/b;\n\
         fastcgi_temp_path {at}/c;\nuwsgi_temp_path {at}/d;\nscgi_temp_path {at}/e;\n{http}}}\n"
    );
    let file = dir.join("nginx.conf");
    fs::write(&file, text).unwrap();
    let nginx = || {
        let mut command = Command::new("nginx");
        command.arg("-c").arg(&file).arg("-p").arg(dir);
        command
    };
    let checked = nginx().arg("-t").output().unwrap();
    let told = String::from_utf8_lossy(&checked.stderr);
    assert!(checked.status.success(), "{told}");
    let running = Program::start(&mut nginx());
    listens(port).await;
    running
}

/// HAProxy with our example.
pub(crate) async fn haproxy(dir: &Path, text: &str, port: u16) -> Program {
    let file = dir.join("haproxy.cfg");
    fs::write(&file, text).unwrap();
    let haproxy = || {
        let mut command = Command::new("haproxy");
        command.arg("-f").arg(&file);
        command
    };
    let checked = haproxy().arg("-c").output().unwrap();
    let told = String::from_utf8_lossy(&checked.stderr);
    assert!(checked.status.success(), "{told}");
    let running = Program::start(haproxy().arg("-db").stderr(Stdio::null()));
    listens(port).await;
    running
}
