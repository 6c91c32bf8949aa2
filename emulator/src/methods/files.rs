//! Photos and documents, uploaded or by `file_id`.

use axum::body::Bytes;
use serde_json::{Value, json};

use super::{chat_id, messages};
use crate::{
    files::{StoredFile, looks_like_picture},
    keyboard,
    message::{Attachment, Message, MessageKind},
    params::Params,
    reply::{Answer, ApiError},
    state::State,
    text,
};

const PHOTO_LIMIT: usize = 10 * 1024 * 1024;
const UPLOAD_LIMIT: usize = 50 * 1024 * 1024;
const DOWNLOAD_LIMIT: usize = 20 * 1024 * 1024;

/// `sendPhoto`.
pub(super) fn send_photo(state: &mut State, params: &Params) -> Answer {
    send(state, params, "photo", MessageKind::Photo)
}

/// `sendDocument`.
pub(super) fn send_document(state: &mut State, params: &Params) -> Answer {
    send(state, params, "document", MessageKind::Document)
}

fn send(state: &mut State, params: &Params, field: &str, kind: MessageKind) -> Answer {
    let chat = chat_id(params)?;
    let caption = text::caption(params)?;
    let markup = keyboard::markup(params, false)?;
    state.recipient(chat)?;
    let file = file(state, params, field, kind == MessageKind::Photo)?;
    messages::deliver(
        state,
        params,
        chat,
        kind,
        |message| {
            messages::fill(message, caption);
            attach(message, &file);
        },
        markup,
    )
}

/// The file that `field` names: an upload of that name, `attach://…`, or a known id.
fn file(
    state: &mut State,
    params: &Params,
    field: &str,
    is_photo: bool,
) -> Result<StoredFile, ApiError> {
    let value = params.text(field).unwrap_or_default();
    named_file(state, params, field, &value, is_photo)
}

/// The file that `value` names.
fn named_file(
    state: &mut State,
    params: &Params,
    field: &str,
    value: &str,
    is_photo: bool,
) -> Result<StoredFile, ApiError> {
    let part = value.strip_prefix("attach://").unwrap_or(field);
    if let Some(upload) = params.files.get(part) {
        if upload.bytes.is_empty() {
            return Err(ApiError::bad("file must be non-empty"));
        }
        let limit = if is_photo { PHOTO_LIMIT } else { UPLOAD_LIMIT };
        if upload.bytes.len() > limit {
            return Err(ApiError::new(413, "Request Entity Too Large"));
        }
        if is_photo && !looks_like_picture(&upload.bytes) {
            return Err(ApiError::bad("IMAGE_PROCESS_FAILED"));
        }
        let mime = upload.mime.as_deref();
        let bytes = upload.bytes.clone();
        return Ok(state
            .files
            .add(&mut state.random, &upload.name, mime, bytes, is_photo));
    }
    if value.is_empty() {
        return Err(ApiError::bad(format!("there is no {field} in the request")));
    }
    if value.starts_with("http://") || value.starts_with("https://") {
        // The emulator has no outside network.
        return Err(ApiError::bad("failed to get HTTP URL content"));
    }
    let file = state
        .files
        .get(value)
        .ok_or_else(|| ApiError::bad("wrong file identifier/HTTP URL specified"))?;
    match (file.is_photo, is_photo) {
        (true, false) => Err(ApiError::bad("can't use file of type Photo as Document")),
        (false, true) => Err(ApiError::bad("can't use file of type Document as Photo")),
        _ => Ok(file.clone()),
    }
}

/// `editMessageMedia`: another photo or file for a message that has one, or the first for a text. The caption is the
/// media's own.
pub(super) fn edit_media(state: &mut State, params: &Params) -> Answer {
    let media = params.json("media")?.unwrap_or_default();
    let Value::Object(media) = media else {
        return Err(ApiError::bad("can't parse InputMedia: object expected"));
    };
    let media = Params::from_values(media);
    let kind = match media.text("type").as_deref() {
        Some("photo") => MessageKind::Photo,
        Some("document") => MessageKind::Document,
        // UNVERIFIED wording; other media are not emulated.
        _ => return Err(ApiError::bad("can't parse InputMedia: unsupported type")),
    };
    let caption = text::caption(&media)?;
    let markup = keyboard::markup(params, false)?.inline();
    let message = messages::editable(state, params)?;
    let has_room = matches!(
        message.kind,
        MessageKind::Text | MessageKind::Photo | MessageKind::Document
    );
    if !has_room {
        return Err(ApiError::bad("message can't be edited"));
    }
    let mut edited = message.clone();
    let value = media.text("media").unwrap_or_default();
    let file = named_file(state, params, "media", &value, kind == MessageKind::Photo)?;
    let is_same = edited.kind == kind
        && edited.attachment.as_ref().map(|it| &it.file_id) == Some(&file.id)
        && edited.text == caption.text
        && edited.entities == caption.entities
        && edited.reply_markup == markup;
    if is_same {
        return Err(ApiError::bad(messages::NOT_MODIFIED));
    }
    edited.kind = kind;
    edited.extra.remove("photo");
    edited.extra.remove("document");
    messages::fill(&mut edited, caption);
    attach(&mut edited, &file);
    edited.set_keyboard(markup);
    Ok(messages::replace(state, edited))
}

fn attach(message: &mut Message, file: &StoredFile) {
    message.attachment = Some(Attachment {
        file_id: file.id.clone(),
        name: (!file.is_photo).then(|| file.name.clone()),
        size: file.bytes.len(),
    });
    let mut object = json!({
        "file_id": file.id,
        "file_unique_id": file.unique_id,
        "file_size": file.bytes.len(),
    });
    if file.is_photo {
        // The picture is not decoded: any size will do.
        object["width"] = json!(800);
        object["height"] = json!(600);
        message.extra.insert("photo".into(), json!([object]));
    } else {
        object["file_name"] = json!(file.name);
        object["mime_type"] = json!(file.mime);
        message.extra.insert("document".into(), object);
    }
}

/// A customer's document, not yet in the chat.
pub(crate) fn document_message(
    state: &mut State,
    user: i64,
    name: &str,
    mime: Option<&str>,
    bytes: Bytes,
) -> Message {
    let file = state.files.add(&mut state.random, name, mime, bytes, false);
    let mut message = state.draft(user, MessageKind::Document);
    attach(&mut message, &file);
    message
}

/// A customer's photo, not yet in the chat.
pub(crate) fn photo_message(state: &mut State, user: i64, name: &str, bytes: Bytes) -> Message {
    let mime = Some("image/jpeg");
    let file = state.files.add(&mut state.random, name, mime, bytes, true);
    let mut message = state.draft(user, MessageKind::Photo);
    attach(&mut message, &file);
    message
}

/// `getFile`.
pub(super) fn get(state: &mut State, params: &Params) -> Answer {
    let id = params.text("file_id").unwrap_or_default();
    let file = state
        .files
        .get(&id)
        .ok_or_else(|| ApiError::bad("invalid file_id"))?;
    if file.bytes.len() > DOWNLOAD_LIMIT {
        return Err(ApiError::bad("file is too big"));
    }
    let object: Value = json!({
        "file_id": file.id,
        "file_unique_id": file.unique_id,
        "file_size": file.bytes.len(),
        "file_path": file.path,
    });
    Ok(object)
}
