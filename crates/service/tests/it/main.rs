//! The service from outside: a real server, real HTTP over loopback, real files. One binary, so that it links once.

mod api;
mod durability;
mod hostile;
mod http;
mod openapi;
mod shop;
