//! Files on the platform: by id, and by the path that `getFile` hands out.

use bytes::Bytes;
use dashmap::DashMap;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Default)]
pub struct FileShelf {
    files: DashMap<String, Shelved>,
    paths: DashMap<String, String>,
    count: AtomicU64,
}

#[derive(Clone)]
struct Shelved {
    path: String,
    bytes: Bytes,
}

impl FileShelf {
    /// Put a file on the shelf; the answer is its id.
    pub fn put(&self, folder: &str, name: &str, bytes: Bytes) -> String {
        let number = self.count.fetch_add(1, Ordering::Relaxed) + 1;
        let id = format!("AgACAgUAAxkB{}", hex::encode(rand::random::<[u8; 16]>()));
        let ending = name.rsplit_once('.').map_or("bin", |(_, ending)| ending);
        let path = format!("{folder}/file_{number}.{ending}");
        self.paths.insert(path.clone(), id.clone());
        self.files.insert(id.clone(), Shelved { path, bytes });
        id
    }

    /// The `File` of `getFile`; `Err` for a file beyond 20 MB.
    pub fn describe(&self, id: &str) -> Option<Result<Value, ()>> {
        let file = self.files.get(id)?;
        let size = file.bytes.len();
        if size > 20 << 20 {
            return Some(Err(()));
        }
        let unique: String = id.chars().skip(12).take(16).collect();
        Some(Ok(json!({"file_id": id, "file_unique_id": unique, "file_size": size, "file_path": file.path})))
    }

    pub fn download(&self, path: &str) -> Option<Bytes> {
        let id = self.paths.get(path)?.clone();
        self.files.get(&id).map(|file| file.bytes.clone())
    }

    pub fn clear(&self) {
        self.files.clear();
        self.paths.clear();
    }
}
