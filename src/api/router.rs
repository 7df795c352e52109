//! Every route, on one page. Each handler's own path is beside it, in its documentation.

use super::error::Problem;
use super::openapi::Described;
use super::{
    Api, BODY_LIMIT, agents, answers, canned_replies, channels, console, customers, dead_letters, files, health, hooks, inboxes,
    layers, learning, live, messages, orders, session, settings, setup, threads, tokens,
};
use axum::extract::DefaultBodyLimit;
use axum::response::IntoResponse;
use axum::routing::{any, get};
use axum::{Json, Router};
use utoipa::OpenApi;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;
use utoipa_swagger_ui::{Config, SwaggerUi};

/// Largest body of an import of orders.
pub const IMPORT_LIMIT: usize = 32 * 1024 * 1024;
/// What a multipart form adds around a file.
const FORM_OVERHEAD: usize = 64 * 1024;

/// The documented routes: all below `/api/v1`.
pub fn routes() -> OpenApiRouter<Api> {
    plain_routes(usize::MAX)
}

fn plain_routes(file_limit: usize) -> OpenApiRouter<Api> {
    OpenApiRouter::with_openapi(Described::openapi())
        .routes(routes!(session::sign_in, session::who, session::change, session::sign_out))
        .routes(routes!(setup::look, setup::set_up))
        .routes(routes!(channels::list))
        .routes(routes!(inboxes::list, inboxes::create))
        .routes(routes!(inboxes::get, inboxes::change, inboxes::disable))
        .routes(routes!(inboxes::probe))
        .routes(routes!(dead_letters::list))
        .routes(routes!(dead_letters::replay))
        .routes(routes!(dead_letters::replay_many))
        .routes(routes!(threads::list))
        .routes(routes!(threads::counts))
        .routes(routes!(threads::get))
        .routes(routes!(threads::take))
        .routes(routes!(threads::assign))
        .routes(routes!(threads::release))
        .routes(routes!(threads::resolve))
        .routes(routes!(threads::return_to_bot))
        .routes(routes!(threads::seen))
        .routes(routes!(threads::typing))
        .routes(routes!(messages::list, messages::send))
        .routes(routes!(messages::retry))
        .routes(routes!(messages::arrived))
        .routes(routes!(customers::list))
        .routes(routes!(customers::get, customers::change))
        .routes(routes!(customers::merge))
        .routes(routes!(customers::unmerge))
        .routes(routes!(customers::suggestions))
        .routes(routes!(orders::list))
        .routes(routes!(orders::get, orders::put, orders::remove))
        .routes(routes!(orders::import).layer(DefaultBodyLimit::max(IMPORT_LIMIT)))
        .routes(routes!(answers::list, answers::add))
        .routes(routes!(answers::try_out))
        .routes(routes!(answers::get, answers::change, answers::remove))
        .routes(routes!(learning::standing))
        .routes(routes!(learning::missed))
        .routes(routes!(learning::dismiss))
        .routes(routes!(learning::phrases, learning::file))
        .routes(routes!(learning::remove))
        .routes(routes!(learning::rehearse))
        .routes(routes!(learning::discard))
        .routes(routes!(learning::versions, learning::publish))
        .routes(routes!(learning::restore))
        .routes(routes!(canned_replies::list, canned_replies::add))
        .routes(routes!(canned_replies::change, canned_replies::remove))
        .routes(routes!(agents::list, agents::add))
        .routes(routes!(agents::change))
        .routes(routes!(tokens::list, tokens::create))
        .routes(routes!(tokens::remove))
        .routes(routes!(settings::get, settings::change))
        .routes(routes!(files::upload).layer(DefaultBodyLimit::max(file_limit.saturating_add(FORM_OVERHEAD))))
        .routes(routes!(files::get))
        .routes(routes!(live::stream))
}

/// Everything that this process serves.
pub fn router(api: Api) -> Router {
    let (documented, document) = plain_routes(api.gateway.config.limits.file).split_for_parts();
    let docs = layers::documentation(SwaggerUi::new("/api/docs").config(Config::new(["/api/openapi.json"])).into());
    let documented = documented
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .method_not_allowed_fallback(async || Problem::wrong_method())
        .route("/api/openapi.json", get(async move || Json(document).into_response()))
        .route("/files/{id}", get(files::get_public));
    let pages = layers::guarded(
        layers::not_kept(layers::in_time(layers::storable(documented))).merge(docs).merge(console::fallback().with_state(())),
    );
    let watched = Router::new()
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(health::metrics));
    let hooks = Router::new()
        .route("/hooks/{inbox}", any(hooks::receive))
        .route("/hooks/{inbox}/", any(hooks::receive))
        .route("/hooks/{inbox}/{*path}", any(hooks::receive));
    layers::around(pages.merge(watched).merge(hooks)).with_state(api)
}
