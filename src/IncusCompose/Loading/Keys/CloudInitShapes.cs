using IncusCompose.Definition;
using IncusCompose.Loading.Documents;
using IncusCompose.Loading.Shapes;

namespace IncusCompose.Loading.Keys;

/// <summary>cloud-init data: text, a mapping that becomes text, or a file.</summary>
internal static class CloudInitShapes
{
    private const string UserDataHeader = "#cloud-config\n";

    /// <summary>The value of <c>cloud_init</c>.</summary>
    public static ObjectShape<CloudInitDefinition> CloudInit { get; } = new ObjectShape<CloudInitDefinition>(_ => new CloudInitDefinition())
        .Add("user_data", new DataShape(UserDataHeader), "User data: what this instance is to become", (data, value) => data with { UserData = value })
        .Add("vendor_data", new DataShape(UserDataHeader), "Vendor data: defaults that user data adds to or overrides", (data, value) => data with { VendorData = value })
        .Add("network_config", new DataShape(""), "Network configuration, version 1 or 2", (data, value) => data with { NetworkConfig = value })
        .Foreign("user-data", "write `user_data`")
        .Foreign("meta_data", "leave it out: Incus makes it");

    /// <param name="header">The line that says what follows, written before a mapping.</param>
    private sealed class DataShape(string header) : Shape<string>
    {
        // The server stores it as a configuration value and hands it to every start: it is never large.
        private const int MaxFileLength = 1024 * 1024;

        public override System.Text.Json.Nodes.JsonObject Schema(SchemaParts parts) => JsonSchemas.OfTypes("string", "number", "boolean", "null", "object");

        public override string Wanted => "text, a mapping of cloud-config keys, or `file:` with a path";

        public override bool TryBind(DocumentNode node, Site site, BindingContext context, out string value)
        {
            value = "";
            switch (node)
            {
                case ScalarNode scalar:
                    value = scalar.Value;
                    return true;
                case MappingNode { Entries: [{ Key.Value: "file", Value: ScalarNode path }] }:
                    return TryReadFile(path, site.At("file"), context, out value);
                case MappingNode mapping:
                    // Some value in it cannot be used, which has been reported.
                    if (!IsUsable(mapping))
                        return false;
                    using (var text = new StringWriter())
                    {
                        text.Write(header);
                        context.Format.Write(mapping, text);
                        value = text.ToString();
                    }

                    return true;
                default:
                    context.WrongKind(node, site, Wanted);
                    return false;
            }
        }

        private static bool IsUsable(DocumentNode node) => node switch
        {
            MappingNode mapping => mapping.Entries.All(entry => IsUsable(entry.Value)),
            SequenceNode sequence => sequence.Items.All(IsUsable),
            _ => node is not UnusableNode,
        };

        private static bool TryReadFile(ScalarNode path, Site site, BindingContext context, out string value)
        {
            value = "";
            context.Locate(site, path.Location);
            if (path.Value.Length == 0)
            {
                context.WrongKind(path, site, "a path such as `./user-data.yaml`");
                return false;
            }

            try
            {
                var text = BoundedText.Read(Path.GetFullPath(path.Value, context.BaseDirectory), MaxFileLength);
                if (text is null)
                {
                    context.Error("FileTooLarge", path, site, $"the file {BindingContext.Excerpt(path, site)} is larger than 1 MiB", "let cloud-init fetch what is large");
                    return false;
                }

                value = text;
                return true;
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException or System.Text.DecoderFallbackException or ArgumentException)
            {
                var reason = error switch
                {
                    FileNotFoundException or DirectoryNotFoundException => "does not exist",
                    UnauthorizedAccessException => "may not be read",
                    System.Text.DecoderFallbackException => "is not UTF-8 text",
                    _ => "cannot be read",
                };
                context.Error("BadFile", path, site, $"the file {BindingContext.Excerpt(path, site)} {reason}", $"paths start from {context.BaseDirectory}");
                return false;
            }
        }
    }
}
