"""One HTTP request, to the last fault.

```
transports: libcurl (curl_transport) where installed, else requests (requests_transport)
    routes (proxies), authorities (certificates), resolver, connections, watchdog (deadline)
    reply_body: sizes, unpacking
```
"""
