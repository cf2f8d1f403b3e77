using System.Text;
using IncusCompose.Diagnostics;
using IncusCompose.Loading.Documents;
using IncusCompose.Loading.Interpolation;
using IncusCompose.Loading.Shapes;

namespace IncusCompose.Loading.Keys;

/// <summary>Files of this machine whose text has variables in it, in the grammar of the stack file.</summary>
internal static class TemplateText
{
    private const int MaxLength = 1024 * 1024;

    /// <summary>Reads a file and replaces its variables; what stands in the way is reported at the node that names the file.</summary>
    public static bool TryRead(string path, DocumentNode node, Site site, BindingContext context, out string text)
    {
        text = "";
        var shown = Excerpts.Quote(path);
        try
        {
            if (BoundedText.Read(path, MaxLength) is not { } template)
            {
                context.Error("FileTooLarge", node, site, $"the template {shown} is larger than 1 MiB", "name a smaller one, or `source` for a file that is taken as it is");
                return false;
            }

            var brought = 0;
            text = Template.Expand(template, context.Variables, Unset, Spend);
            return true;

            void Unset(string name) => context.Warning("UnsetVariable", node, site, $"the variable {name} of the template {shown} is not set, so it stands for nothing",
                $"set it, or write `${{{name}:-default}}`, or `$${name}` for the text itself");

            void Spend(int count)
            {
                brought += count;
                if (brought > MaxLength)
                    throw new Template.Failure("TooMuchText", "its variables bring more than 1 MiB", "shorten them");
            }
        }
        catch (Template.Failure failure)
        {
            context.Error(failure.Id, node, site, $"in the template {shown}: {failure.Message}", failure.Advice);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or DecoderFallbackException)
        {
            var reason = error switch
            {
                FileNotFoundException or DirectoryNotFoundException => "does not exist",
                UnauthorizedAccessException => "may not be read",
                DecoderFallbackException => "is not UTF-8 text",
                _ => "cannot be read",
            };
            context.Error("BadFile", node, site, $"the template {shown} {reason}", $"paths start from {context.BaseDirectory}");
        }

        return false;
    }
}
