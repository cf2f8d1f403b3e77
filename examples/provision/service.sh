#!/bin/sh -e
# Makes the service that shows /srv/www at the port given, and (re)starts it.
cat > /etc/systemd/system/page.service <<UNIT
[Unit]
Description=Shows a page

[Service]
User=web
ExecStart=/usr/bin/python3 -m http.server $1 --directory /srv/www

[Install]
WantedBy=multi-user.target
UNIT
systemctl daemon-reload
systemctl enable page
systemctl restart page
