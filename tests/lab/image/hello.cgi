#!/bin/sh
# The page of /srv/hello (httpd -f -p 80 -h /srv/hello): GREETING, and, when DATABASE=host:port names
# a kv service, how often the page was fetched.
printf 'Content-Type: text/html; charset=utf-8\r\n\r\n'
echo "<!doctype html><title>$(hostname)</title>"
echo "<h1>${GREETING:-Hello}</h1>"
if [ -n "$DATABASE" ]; then
    visits=$(echo "incr visits" | nc -w 3 "${DATABASE%:*}" "${DATABASE##*:}" 2>/dev/null)
    echo "<p>Visit number ${visits:-unknown: $DATABASE does not answer}, counted by $DATABASE.</p>"
fi
echo "<p>Served by $(hostname).</p>"
