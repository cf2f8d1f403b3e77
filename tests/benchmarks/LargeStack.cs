using System.Globalization;
using System.Text;

namespace IncusCompose.Benchmarks;

/// <summary>Large stack files, twenty lines for each instance, in the words that ordinary ones use.</summary>
internal static class LargeStack
{
    /// <summary>The text of one that is loaded only.</summary>
    public static string Text(int count)
    {
        var text = new StringBuilder("name: large\nnetworks:\n  lan: {ipv4: 10.77.0.1/16}\nvolumes:\n  shared: {size: 1GiB}\ninstances:\n");
        for (var i = 1; i <= count; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $$"""
                  node{{i}}:
                    image: images:debian/12
                    description: Node {{i}} of ${PLACE:-the shop}
                    cpu: {{1 + i % 4}}
                    memory: {{256 + i % 8 * 64}}MiB
                    processes: 500
                    restart: always
                    environment:
                      NUMBER: {{i}}
                      LOG_LEVEL: ${LOG_LEVEL:-info}
                    labels: {tier: tier{{i % 5}}}
                    networks:
                      lan: {ipv4: 10.77.{{i / 250}}.{{i % 250 + 2}}}
                    volumes:
                      - "shared:/srv/shared:ro"
                    ports: ["127.0.0.1:{{20000 + i}}:80"]
                    healthcheck:
                      tcp: 80
                      interval: 10s
                    depends_on: [{{(i > 10 ? $"node{i - 10}" : "")}}]

                """);
        }
        return text.ToString();
    }
}
