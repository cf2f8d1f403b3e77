{% set data = config_get("cloud-init.user-data", config_get("user.user-data", "")) %}{% if data == "" %}#cloud-config
{}
{% else %}{{ data }}
{% endif %}
