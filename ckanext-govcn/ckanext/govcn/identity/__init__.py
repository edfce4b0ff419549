"""统一身份认证: who somebody is, as a provider outside says. The protocols are pure."""
